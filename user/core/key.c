// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/key.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xring/hash.h>

#include "core/template.h"
#include "core/text.h"

struct tuple {
	struct address src, dst;
	uint16_t sport, dport;
	uint8_t protocol;
};

static uint32_t tuple_hash(const struct tuple *t, const struct key *key,
			   const uint64_t *expanded)
{
	struct xring_slot slot = {};
	uint64_t src[2], dst[2], ports;

	slot_key(key, t->src.family, &slot);
	memcpy(src, t->src.bytes, sizeof(src));
	memcpy(dst, t->dst.bytes, sizeof(dst));
	ports = XRING_PORTS(htons(t->sport), htons(t->dport), t->protocol) & slot.ports_mask;
	for (int i = 0; i < 2; i++) {
		src[i] &= slot.src_mask[i];
		dst[i] &= slot.dst_mask;
	}
	if (t->src.family == AF_INET)
		return hash_flow4((const __u64 *)expanded, src[0], dst[0], ports);
	return hash_flow6((const __u64 *)expanded, (__u64 *)src, (__u64 *)dst, ports);
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

int key_hash_text(const char *text, const struct service *s,
		  const uint64_t expanded[XRING_HASH_KEYS], uint32_t *ret,
		  char *why, size_t size)
{
	struct tuple t = {};
	char wanted[96];
	int err = -EINVAL;

	switch (s->key.kind) {
	case KEY_CLIENT:
		err = parse_client(text, &t);
		snprintf(wanted, sizeof(wanted), "a client's address");
		break;
	case KEY_CLIENT_PREFIX:
		err = parse_prefix(text, &s->key, &t);
		snprintf(wanted, sizeof(wanted), "an address, or a prefix of /%u (IPv6 /%u)",
			 s->key.prefix4, s->key.prefix6);
		break;
	case KEY_CLIENT_PORT:
		err = parse_client_port(text, &t);
		snprintf(wanted, sizeof(wanted), "a client's ADDRESS:PORT");
		break;
	case KEY_FLOW:
		err = parse_flow(text, s, &t);
		snprintf(wanted, sizeof(wanted),
			 "CLIENT:PORT,VIP:PORT[/tcp|/udp], the VIP one of the service");
		break;
	}
	if (err) {
		snprintf(why, size, "key %s: want %s", text, wanted);
		return err;
	}
	*ret = tuple_hash(&t, &s->key, expanded);
	return 0;
}
