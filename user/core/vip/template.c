// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/vip/template.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "base/util.h"
#include "core/model/mode.h"
#include "core/model/tunnel_source.h"
#include "core/value/address.h"

#define OUTER_TTL 64
#define IP_DF 0x4000
#define DSCP 0xfc			/* of a traffic class; the rest is ECN */

static uint16_t words_sum(const void *data, size_t bytes)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i += 2) {
		uint16_t word;

		memcpy(&word, p + i, 2);
		sum += word;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Moves what the head says of a packet's length to where a rare kind has it. */
static void make_rare(struct xring_template *t)
{
	struct xring_rare *rare = (void *)(t->ip + xring_rare_at(t->kind));

	if (t->mtu)
		rare->mtu = t->mtu;
	t->mtu = 0;
}

/* Makes a template of XRING_IPIP4 one whose outer source varies in these bits. */
static void vary_by_flow(uint32_t varying, struct xring_template *t)
{
	struct xring_by_flow *by_flow = (void *)t->ip;

	by_flow->varying = htonl(varying);
	t->kind = XRING_IPIP4_BY_FLOW;
	make_rare(t);
}

static void tag(uint32_t tags, struct xring_template *t)
{
	struct xring_rare *rare = (void *)(t->ip + xring_rare_at(t->kind));

	rare->tags = tags;
	t->kind |= XRING_TAGGED;
	make_rare(t);
}

/*
 * The outer datagram has DF set, so that its id means nothing (an atomic datagram: RFC
 * 6864). Its ECN is 0, the compatibility mode of RFC 6040; the datapath gives it the DSCP of the
 * packet.
 */
static void fill_ipip4(const struct address *to, const struct next_hop *hop,
		       struct xring_template *t)
{
	uint32_t varying = tunnel_source_varying(hop->tunnel_source);
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = OUTER_TTL,
		.frag_off = htons(IP_DF),
		.protocol = IPPROTO_IPIP,
	};

	memcpy(&ip.saddr, hop->source.bytes, 4);
	if (varying)
		ip.saddr = htonl(tunnel_source_base(hop->tunnel_source));
	memcpy(&ip.daddr, to->bytes, 4);
	ip.check = words_sum(&ip, sizeof(ip));
	memcpy(t->ip, &ip, sizeof(ip));
	t->mtu -= t->mtu < sizeof(ip) ? t->mtu : sizeof(ip);
	t->kind = XRING_IPIP4;
	if (varying)
		vary_by_flow(varying, t);
}

static void fill_ipip6(const struct address *to, const struct address *from,
		       struct xring_template *t)
{
	struct ipv6hdr ip = { .version = 6, .hop_limit = OUTER_TTL, .nexthdr = IPPROTO_IPIP };

	memcpy(&ip.saddr, from->bytes, 16);
	memcpy(&ip.daddr, to->bytes, 16);
	memcpy(t->ip, &ip, sizeof(ip));
	t->mtu -= t->mtu < sizeof(ip) ? t->mtu : sizeof(ip);
	t->kind = XRING_IPIP6;
}

static void fill_ipip(const struct address *to, uint16_t port, const struct next_hop *hop,
		      struct xring_template *t)
{
	(void)port;
	if (to->family == AF_INET)
		fill_ipip4(to, hop, t);
	else
		fill_ipip6(to, &hop->source, t);
}

/* The outer header is that of ipip, but for what follows it. */
static void fill_gue(const struct address *to, uint16_t port, const struct next_hop *hop,
		     struct xring_template *t)
{
	static const uint8_t kinds[2][2] = { { XRING_GUE6_0, XRING_GUE4_0 },
					     { XRING_GUE6_1, XRING_GUE4_1 } };
	struct next_hop one = *hop;
	struct iphdr *ip = (void *)t->ip;
	struct xring_rare *rare;
	uint32_t bytes;

	one.tunnel_source = 0;		/* flows vary by their ports */
	fill_ipip(to, port, &one, t);
	t->kind = kinds[hop->gue_variant][to->family == AF_INET];
	if (to->family == AF_INET) {
		ip->protocol = IPPROTO_UDP;
		ip->check = 0;
		ip->check = words_sum(ip, sizeof(*ip));
	}
	bytes = xring_gue_bytes(t->kind);
	t->mtu -= t->mtu < bytes ? t->mtu : bytes;
	rare = (void *)(t->ip + xring_rare_at(t->kind));
	memset(rare, 0, sizeof(*rare));
	rare->port = htons(hop->gue_port);
	make_rare(t);
}

static void fill_nat(const struct address *to, uint16_t port, const struct next_hop *hop,
		     struct xring_template *t)
{
	struct xring_nat nat = { .port = htons(port), .mss = hop->mss };

	t->dscp = hop->mss != 0;
	memcpy(nat.addr, to->bytes, sizeof(nat.addr));
	memcpy(t->ip, &nat, sizeof(nat));
	t->kind = to->family == AF_INET ? XRING_NAT4 : XRING_NAT6;
}

static void fill_l2(const struct address *to, uint16_t port, const struct next_hop *hop,
		    struct xring_template *t)
{
	(void)to;
	(void)port;
	(void)hop;
	t->kind = XRING_L2;
}

/* For each mode, by its word: the function that fills what follows the Ethernet header. */
static const struct filler {
	const char *word;
	void (*fill)(const struct address *to, uint16_t port, const struct next_hop *hop,
		     struct xring_template *t);
} fillers[] = {
	{ "nat", fill_nat },
	{ "l2", fill_l2 },
	{ "ipip", fill_ipip },
	{ "gue", fill_gue },
};

void template_fill(enum mode mode, const struct address *to, uint16_t port,
		   const struct next_hop *hop, struct xring_template *ret)
{
	uint16_t type = htons(to->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);

	memset(ret, 0, sizeof(*ret));
	if (!hop->ifindex) {
		ret->kind = XRING_UNRESOLVED;
		return;
	}
	ret->ifindex = hop->ifindex;
	ret->mtu = hop->mtu;
	ret->dscp = hop->dscp_zero ? 0 : DSCP;
	memcpy(ret->eth, hop->mac, ETH_ALEN);
	memcpy(ret->eth + ETH_ALEN, hop->own_mac, ETH_ALEN);
	memcpy(ret->eth + 2 * ETH_ALEN, &type, sizeof(type));
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		if (!strcmp(fillers[i].word, mode_print(mode)))
			fillers[i].fill(to, port, hop, ret);
	if (hop->tags)
		tag(hop->tags, ret);
}

/*
 * Which sources a tunnel has, which port and variant, and which tags, is another way, and no other
 * target.
 */
static uint8_t kind_of_target(const struct xring_template *t)
{
	uint8_t kind = t->kind & ~XRING_TAGGED;

	switch (kind) {
	case XRING_IPIP4_BY_FLOW:
		return XRING_IPIP4;
	case XRING_GUE4_1:
		return XRING_GUE4_0;
	case XRING_GUE6_1:
		return XRING_GUE6_0;
	}
	return kind;
}

bool template_same_target(const struct xring_template *a, const struct xring_template *b)
{
	const size_t daddr4 = offsetof(struct iphdr, daddr);
	const size_t daddr6 = offsetof(struct ipv6hdr, daddr);

	if (kind_of_target(a) != kind_of_target(b))
		return false;
	switch (kind_of_target(a)) {
	case XRING_IPIP4:
	case XRING_GUE4_0:
		return !memcmp(a->ip + daddr4, b->ip + daddr4, 4);
	case XRING_IPIP6:
	case XRING_GUE6_0:
		return !memcmp(a->ip + daddr6, b->ip + daddr6, 16);
	case XRING_NAT4:
	case XRING_NAT6:
		return !memcmp(a->ip, b->ip, offsetof(struct xring_nat, mss));
	}
	return kind_of_target(a) == XRING_L2;
}

void slot_address(const struct address *address, uint16_t port, uint8_t protocol,
		  enum xring_slot_kind kind, struct xring_slot *ret)
{
	memcpy(ret->addr, address->bytes, sizeof(ret->addr));
	ret->port = XRING_SLOT_PORT(htons(port), protocol, kind);
}
