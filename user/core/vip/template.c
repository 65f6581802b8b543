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

/* Makes a template of XRING_IPIP4 one whose outer source varies in these bits. */
static void vary_by_flow(uint32_t varying, struct xring_template *t)
{
	struct xring_by_flow by_flow = { .varying = htonl(varying), .mtu = t->mtu };

	memcpy(by_flow.ip, t->ip, sizeof(by_flow.ip));
	memcpy(t->ip, &by_flow, sizeof(by_flow));
	t->mtu = 0;
	t->kind = XRING_IPIP4_BY_FLOW;
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

static void fill_nat(const struct address *to, uint16_t port, const struct next_hop *hop,
		     struct xring_template *t)
{
	struct xring_nat nat = { .port = htons(port) };

	(void)hop;
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
}

/* Which sources a tunnel has is another way, and no other target. */
static uint8_t kind_of_target(const struct xring_template *t)
{
	return t->kind == XRING_IPIP4_BY_FLOW ? XRING_IPIP4 : t->kind;
}

bool template_same_target(const struct xring_template *a, const struct xring_template *b)
{
	const size_t daddr4 = offsetof(struct iphdr, daddr);
	const size_t daddr6 = offsetof(struct ipv6hdr, daddr);

	if (kind_of_target(a) != kind_of_target(b))
		return false;
	switch (kind_of_target(a)) {
	case XRING_IPIP4:
		return !memcmp(a->ip + daddr4, b->ip + daddr4, 4);
	case XRING_IPIP6:
		return !memcmp(a->ip + daddr6, b->ip + daddr6, 16);
	case XRING_NAT4:
	case XRING_NAT6:
		return !memcmp(a->ip, b->ip, sizeof(struct xring_nat));
	}
	return a->kind == XRING_L2;
}

void slot_address(const struct address *address, uint16_t port, uint8_t protocol,
		  enum xring_slot_kind kind, struct xring_slot *ret)
{
	memcpy(ret->addr, address->bytes, sizeof(ret->addr));
	ret->port = XRING_SLOT_PORT(htons(port), protocol, kind);
}
