// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/key_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xring/hash.h>

#include "core/model/key.h"
#include "core/model/model.h"
#include "core/value/address.h"
#include "core/value/number.h"


struct tuple {
	struct address src, dst;
	uint16_t sport, dport;
	uint8_t protocol;
};

static void tuple_flow(const struct tuple *t, struct xring_flow *ret)
{
	*ret = (struct xring_flow){
		.ports = XRING_PORTS(htons(t->sport), htons(t->dport), 0),
		.proto = t->protocol,
		.family = t->src.family == AF_INET ? 4 : 6,
	};
	memcpy(ret->src, t->src.bytes, sizeof(ret->src));
	memcpy(ret->dst, t->dst.bytes, sizeof(ret->dst));
}

/* Only what is of the key. */
static void flow_mask(const struct key *key, struct xring_flow *flow)
{
	struct xring_slot slot = {};
	uint64_t src[2], dst[2];

	slot_key(key, flow->family == 4 ? AF_INET : AF_INET6, &slot);
	memcpy(src, flow->src, sizeof(src));
	memcpy(dst, flow->dst, sizeof(dst));
	for (int i = 0; i < 2; i++) {
		src[i] &= slot.src_mask[i];
		dst[i] &= slot.dst_mask;
	}
	memcpy(flow->src, src, sizeof(src));
	memcpy(flow->dst, dst, sizeof(dst));
	flow->ports &= (uint32_t)slot.ports_mask;
	flow->proto &= slot.ports_mask >> 32;
}

uint32_t key_hash_flow(const struct key *key, const struct xring_flow *flow,
		       const uint64_t expanded[XRING_HASH_KEYS])
{
	struct xring_flow masked = *flow;

	flow_mask(key, &masked);
	return flow_hash(expanded, &masked);
}

static int parse_client(const char *text, struct tuple *t)
{
	return address_parse(text, &t->src);
}

/* ADDRESS or ADDRESS/N, N being the service's own. */
static int parse_prefix(const char *text, const struct key *key, struct tuple *t)
{
	const char *slash = strchr(text, '/');
	char address[ADDRESS_TEXT];
	uint32_t bits;

	if ((slash ? (size_t)(slash - text) : strlen(text)) >= sizeof(address))
		return -EINVAL;
	snprintf(address, sizeof(address), "%.*s", slash ? (int)(slash - text) : -1, text);
	if (address_parse(address, &t->src))
		return -EINVAL;
	if (!slash)
		return 0;
	return unsigned_parse(slash + 1, 0, 128, &bits) ||
	       bits != (t->src.family == AF_INET ? key->prefix4 : key->prefix6) ? -EINVAL : 0;
}

static int parse_client_port(const char *text, struct tuple *t)
{
	return endpoint_parse(text, &t->src, &t->sport) || !t->sport ? -EINVAL : 0;
}

/* The protocol of the VIP that takes dst, which is also what says that it is one. */
static int find_protocol(const struct service *s, struct tuple *t, uint8_t wanted)
{
	for (size_t i = 0; i < s->vip_count; i++) {
		const struct vip *vip = &s->vips[i];

		if (!address_equal(&vip->address, &t->dst) ||
		    (vip->port && vip->port != t->dport) ||
		    (wanted && wanted != vip->protocol))
			continue;
		t->protocol = vip->protocol;
		return 0;
	}
	return -EINVAL;
}

static int parse_flow(const char *text, const struct service *s, struct tuple *t)
{
	const char *comma = strchr(text, ',');
	const char *slash = strchr(text, '/');
	char src[ENDPOINT_TEXT], dst[ENDPOINT_TEXT];
	uint8_t protocol = 0;

	if (!comma || comma - text >= ENDPOINT_TEXT)
		return -EINVAL;
	if (slash)
		protocol = !strcmp(slash, "/tcp") ? IPPROTO_TCP :
			   !strcmp(slash, "/udp") ? IPPROTO_UDP : UINT8_MAX;
	snprintf(src, sizeof(src), "%.*s", (int)(comma - text), text);
	if (slash && slash < comma)
		return -EINVAL;
	snprintf(dst, sizeof(dst), "%.*s", slash ? (int)(slash - comma - 1) : -1, comma + 1);
	if (endpoint_parse(src, &t->src, &t->sport) || !t->sport ||
	    endpoint_parse(dst, &t->dst, &t->dport) || !t->dport ||
	    t->src.family != t->dst.family)
		return -EINVAL;
	return find_protocol(s, t, protocol);
}

static int parse_tuple(const char *text, const struct service *s, struct tuple *t,
		       char *why, size_t size)
{
	char wanted[96];
	int err = -EINVAL;

	switch (s->key.kind) {
	case KEY_CLIENT:
		err = parse_client(text, t);
		snprintf(wanted, sizeof(wanted), "a client's address");
		break;
	case KEY_CLIENT_PREFIX:
		err = parse_prefix(text, &s->key, t);
		snprintf(wanted, sizeof(wanted), "an address, or a prefix of /%u (IPv6 /%u)",
			 s->key.prefix4, s->key.prefix6);
		break;
	case KEY_CLIENT_PORT:
		err = parse_client_port(text, t);
		snprintf(wanted, sizeof(wanted), "a client's ADDRESS:PORT");
		break;
	case KEY_FLOW:
		err = parse_flow(text, s, t);
		snprintf(wanted, sizeof(wanted),
			 "CLIENT:PORT,VIP:PORT[/tcp|/udp], the VIP one of the service");
		break;
	}
	if (err)
		snprintf(why, size, "key %s: want %s", text, wanted);
	return err;
}

int key_flow_parse(const char *text, const struct service *s, struct xring_flow *ret,
		   char *why, size_t size)
{
	struct tuple t = {};
	int err = parse_tuple(text, s, &t, why, size);

	if (err)
		return err;
	tuple_flow(&t, ret);
	flow_mask(&s->key, ret);
	return 0;
}

int key_hash_text(const char *text, const struct service *s,
		  const uint64_t expanded[XRING_HASH_KEYS], uint32_t *ret,
		  char *why, size_t size)
{
	struct xring_flow flow;
	int err = key_flow_parse(text, s, &flow, why, size);

	if (!err)
		*ret = flow_hash(expanded, &flow);
	return err;
}

static void flow_end(const __be32 *bytes, uint8_t family, struct address *ret)
{
	*ret = (struct address){ family == 4 ? AF_INET : AF_INET6 };
	memcpy(ret->bytes, bytes, sizeof(ret->bytes));
}

const char *key_flow_print(const struct key *key, const struct xring_flow *flow,
			   char buf[KEY_VALUE_TEXT])
{
	uint16_t sport = ntohs(flow->ports), dport = ntohs(flow->ports >> 16);
	char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT];
	struct xring_flow masked = *flow;
	struct address src, dst;

	flow_mask(key, &masked);
	flow_end(masked.src, flow->family, &src);
	flow_end(flow->dst, flow->family, &dst);
	switch (key->kind) {
	case KEY_CLIENT:
		snprintf(buf, KEY_VALUE_TEXT, "%s", address_print(&src, from));
		break;
	case KEY_CLIENT_PREFIX:
		snprintf(buf, KEY_VALUE_TEXT, "%s/%u", address_print(&src, from),
			 flow->family == 4 ? key->prefix4 : key->prefix6);
		break;
	case KEY_CLIENT_PORT:
		snprintf(buf, KEY_VALUE_TEXT, "%s", endpoint_print(&src, sport, from));
		break;
	case KEY_FLOW:
		snprintf(buf, KEY_VALUE_TEXT, "%s,%s/%s", endpoint_print(&src, sport, from),
			 endpoint_print(&dst, dport, to),
			 flow->proto == IPPROTO_TCP ? "tcp" : "udp");
		break;
	}
	return buf;
}

uint32_t flow_hash(const uint64_t *expanded, const struct xring_flow *flow)
{
	__u64 src[2], dst[2];

	memcpy(src, flow->src, sizeof(src));
	memcpy(dst, flow->dst, sizeof(dst));
	return hash_tuple((const __u64 *)expanded, flow->family, src, dst,
			  (__u64)flow->proto << 32 | flow->ports);
}
