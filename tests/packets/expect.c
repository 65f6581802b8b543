// SPDX-License-Identifier: GPL-2.0-or-later
#include "expect_parts.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include <xring/hash.h>

#include "core/model/model.h"

#define SERVICES_MAX 16
#define DATAGRAMS_MAX 4096

static struct {
	struct world *world;
	const struct expect_service *services;
	uint8_t vips[SERVICES_MAX][16];
	int families[SERVICES_MAX];
	size_t count;
	uint16_t vlan;
} is;

/* A datagram whose first fragment was seen. */
static struct datagram {
	uint8_t src[16], dst[16], proto, l4;
	uint32_t id, ports;
	int family, service;		/* -1: none */
	char backend[64];
} datagrams[DATAGRAMS_MAX];
static size_t datagram_count;

void expect_world(struct world *w, const struct expect_service *services, size_t count)
{
	is.world = w;
	is.services = services;
	is.count = count;
	for (size_t i = 0; i < count; i++) {
		is.families[i] = strchr(services[i].vip, ':') ? AF_INET6 : AF_INET;
		memset(is.vips[i], 0, 16);
		inet_pton(is.families[i], services[i].vip, is.vips[i]);
	}
	expect_forget();
}

void expect_vlan(uint16_t vlan)
{
	is.vlan = vlan;
}

void expect_forget(void)
{
	datagram_count = 0;
}

/* ---- whose it is ---- */

static int service_of(const struct flow *flow)
{
	uint16_t port = ntohs(flow->ports >> 16);

	if (!(flow->proto == IPPROTO_TCP && port == 80) && !(flow->proto == IPPROTO_UDP && port == 53))
		return -1;
	for (size_t i = 0; i < is.count; i++)
		if (is.families[i] == flow->family && !memcmp(is.vips[i], flow->dst, 16))
			return i;
	return -1;
}

static bool is_address(const struct flow *flow)
{
	for (size_t i = 0; i < is.count; i++)
		if (is.families[i] == flow->family && !memcmp(is.vips[i], flow->dst, 16))
			return true;
	return false;
}

/* RFC 1122, section 3.2.1.3; RFC 4291. Or the VIP of a service, from its port. */
static bool is_martian(const struct flow *flow)
{
	static const uint8_t zeros[15];
	struct flow back = { .family = flow->family, .proto = flow->proto,
			     .ports = flow->ports << 16 };

	memcpy(back.dst, flow->src, 16);
	if (service_of(&back) >= 0)
		return true;
	if (flow->family == AF_INET)
		return flow->src[0] == 0 || flow->src[0] == 127 || flow->src[0] >= 224;
	return flow->src[0] == 0xff || (!memcmp(flow->src, zeros, 15) && flow->src[15] <= 1);
}

static const struct backend *owner(int service, const struct flow *flow)
{
	__u64 ports = XRING_PORTS((uint16_t)flow->ports, flow->ports >> 16, flow->proto), src[2], dst[2];
	const __u64 *key = (const __u64 *)world_hash_key(is.world);

	memcpy(src, flow->src, 16);
	memcpy(dst, flow->dst, 16);
	return world_owner(is.world, is.services[service].name,
			   hash_tuple(key, flow->family == AF_INET ? 4 : 6, src, dst, ports));
}

/* ---- fragments ---- */

static struct datagram *datagram_find(const struct ip *ip)
{
	uint8_t proto = ip->family == AF_INET ? ip->proto : 0;

	for (size_t i = 0; i < datagram_count; i++) {
		struct datagram *d = &datagrams[i];

		if (d->family == ip->family && d->id == ip->id && d->proto == proto &&
		    !memcmp(d->src, ip->src, 16) && !memcmp(d->dst, ip->dst, 16))
			return d;
	}
	return NULL;
}

/* False: the datagram has another first fragment, with other ports. */
static bool datagram_note(const struct ip *ip, const struct flow *flow, int service,
			  const struct backend *backend)
{
	struct datagram *d = datagram_find(ip);

	if (d && (d->ports != flow->ports || d->l4 != flow->proto))
		return false;
	if (!d) {
		assert_in_range(datagram_count, 0, DATAGRAMS_MAX - 1);
		d = &datagrams[datagram_count++];
	}
	*d = (struct datagram){ .id = ip->id, .ports = flow->ports, .family = ip->family,
				.proto = ip->family == AF_INET ? ip->proto : 0, .l4 = flow->proto,
				.service = service };
	memcpy(d->src, ip->src, 16);
	memcpy(d->dst, ip->dst, 16);
	if (backend)
		strcpy(d->backend, backend->name);
	return true;
}

static uint32_t to_service(struct packet *p, int service, const struct datagram *known,
			   struct frame *f, bool *answered)
{
	const struct expect_service *s = &is.services[service];
	const struct backend *to = s->nobody ? NULL : owner(service, &p->flow);

	if (p->malformed || is_martian(&p->flow))
		return XDP_DROP;
	if (known && known->service >= 0)
		to = service_backend(model_service(world_model(is.world), s->name), known->backend);
	if (p->ip.part == FIRST && !datagram_note(&p->ip, &p->flow, to ? service : -1, to))
		return XDP_DROP;
	return to ? expect_forward(p, s, to, f, answered) : XDP_DROP;
}

static uint32_t untagged(struct frame *f, bool *answered)
{
	const struct datagram *known = NULL;
	struct packet p;
	enum kind kind = packet_read(f, &p);
	int service;

	if (kind == PING) {
		struct flow flow = { .family = p.ip.family, .proto = p.ip.proto };

		memcpy(flow.src, p.ip.src, 16);
		memcpy(flow.dst, p.ip.dst, 16);
		for (size_t i = 0; is_ping(f, &p.ip) && !is_martian(&flow) && i < is.count; i++) {
			if (is.families[i] != flow.family || memcmp(is.vips[i], flow.dst, 16) ||
			    is.services[i].nobody)
				continue;
			expect_echo(f, &p.ip);
			*answered = true;
			return XDP_TX;
		}
		return XDP_PASS;
	}
	if (kind == NOT_OURS)
		return XDP_PASS;
	if (p.ip.part == LATER)
		known = datagram_find(&p.ip);
	if (known) {
		p.flow.ports = known->ports;
		p.flow.proto = known->l4;
		p.hidden = false;
	}
	service = p.hidden ? -1 : service_of(&p.flow);
	if (service >= 0)
		return to_service(&p, service, known, f, answered);
	if (!is_address(&p.flow))
		return XDP_PASS;
	if (p.hidden)
		return XDP_DROP;
	if (p.ip.part == FIRST)
		datagram_note(&p.ip, &p.flow, -1, NULL);
	return XDP_PASS;
}

/* ---- tags ---- */

static bool is_tag(const uint8_t *type)
{
	return get16(type) == ETH_P_8021Q || get16(type) == ETH_P_8021AD;
}

/* How many bytes of tags the frame has that are taken; -1: they are not. Of a tag without a number, none counts. */
static int tags_taken(const struct frame *f)
{
	int count = !is_tag(f->bytes + 12) ? 0 : is_tag(f->bytes + 16) ? 2 : 1, numbers = 0;

	for (int i = 0; i < count; i++) {
		uint16_t type = get16(f->bytes + 12 + 4 * i);
		uint16_t vlan = get16(f->bytes + 14 + 4 * i) & 0xfff;

		if (vlan && (vlan != is.vlan || type != ETH_P_8021Q || numbers++))
			return -1;
	}
	return count * 4;
}

uint32_t expect(const struct frame *in, struct frame *ret, bool *ret_answered)
{
	static const uint8_t own[] = FRAME_MAC;
	uint32_t verdict;
	int tags;

	*ret = *in;
	*ret_answered = false;
	if (in->len < ETH + 20 || memcmp(in->bytes, own, 6))
		return XDP_PASS;
	tags = tags_taken(in);
	if (tags < 0)
		return XDP_PASS;
	memmove(ret->bytes + 12, ret->bytes + 12 + tags, (ret->len -= tags) - 12);
	verdict = untagged(ret, ret_answered);
	if (verdict == XDP_PASS || *ret_answered) {
		memmove(ret->bytes + 12 + tags, ret->bytes + 12, ret->len - 12);
		memcpy(ret->bytes + 12, in->bytes + 12, tags);
		ret->len += tags;
	}
	return verdict;
}
