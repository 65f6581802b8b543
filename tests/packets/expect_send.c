// SPDX-License-Identifier: GPL-2.0-or-later
/* The independent model: what becomes of a packet. */
#include "expect_parts.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "core/model/model.h"

/* RFC 1071. */
static uint32_t sum_of(const uint8_t *p, size_t bytes, uint32_t sum)
{
	for (size_t i = 0; i < bytes; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* ---- tunnels ---- */

static void insert(struct frame *f, size_t bytes)
{
	memmove(f->bytes + ETH + bytes, f->bytes + ETH, f->len - ETH);
	memset(f->bytes + ETH, 0, bytes);
	f->len += bytes;
}

static void hop(struct frame *f, int family)
{
	uint8_t *ip = f->bytes + ETH;
	uint32_t sum;

	if (family == AF_INET6) {
		ip[7]--;
		return;
	}
	ip[8]--;
	sum = get16(ip + 10) + 0x100;		/* RFC 1141 */
	put16(ip + 10, sum + (sum >= 0xffff));
}

/* Any two flows differ in it: the flow label of an outer header is its highest 16 bits. */
static uint64_t number_of(const struct flow *flow, enum part part)
{
	uint64_t sum = flow->proto + (part == WHOLE ? flow->ports : 0), word[4];

	memcpy(word, flow->src, 16);
	memcpy(word + 2, flow->dst, 16);
	sum += flow->family == AF_INET ? word[0] | word[2] << 32 : word[0] + word[1] + word[3];
	return sum * 0x9e3779b97f4a7c15ULL;
}

static uint8_t traffic_class(const struct frame *f, int family)
{
	return family == AF_INET ? f->bytes[ETH + 1] : get16(f->bytes + ETH) >> 4;
}

/* An outer header for `len` bytes after it. */
static void outer4(struct frame *f, uint8_t tos, uint8_t proto, size_t len, const struct backend *to)
{
	uint8_t *ip;

	insert(f, 20);
	ip = f->bytes + ETH;
	ip[0] = 0x45;
	ip[1] = tos & 0xfc;
	put16(ip + 2, len + 20);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, to->address.bytes, 3);
	ip[15] = 1;
	memcpy(ip + 16, to->address.bytes, 4);
	put16(ip + 10, ~sum_of(ip, 20, 0));
	put16(f->bytes + 12, ETH_P_IP);
}

static void outer6(struct frame *f, uint8_t tos, uint8_t proto, size_t len, const struct backend *to,
		   uint64_t number)
{
	uint16_t label = number >> 48;
	uint8_t *ip;

	insert(f, 40);
	ip = f->bytes + ETH;
	put16(ip, 0x6000 | (tos & 0xfc) << 4);
	memcpy(ip + 2, &label, 2);
	put16(ip + 4, len);
	ip[6] = proto;
	ip[7] = 64;
	memcpy(ip + 8, to->address.bytes, 15);
	ip[23] = 1;
	memcpy(ip + 24, to->address.bytes, 16);
	put16(f->bytes + 12, ETH_P_IPV6);
}

static size_t udp_bytes(const struct expect_service *s)
{
	return s->mode == EXPECT_GUE0 ? 12 : s->mode == EXPECT_GUE1 ? 8 : 0;
}

/* RFC 6335: a source port of those that nobody has. Variant 0: a header of its own behind (GUE, section 3). */
static void udp(struct frame *f, const struct expect_service *s, int family, size_t len, uint64_t number)
{
	uint8_t *p;

	insert(f, udp_bytes(s));
	p = f->bytes + ETH;
	put16(p, 0xc000 | number >> 50);
	put16(p + 2, 6080);
	put16(p + 4, len);
	if (s->mode == EXPECT_GUE0)
		p[9] = family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
}

static void tunnel(const struct packet *p, const struct expect_service *s, const struct backend *to,
		   struct frame *f)
{
	uint8_t tos = traffic_class(f, p->ip.family);
	uint8_t proto = p->ip.family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
	uint64_t number = number_of(&p->flow, p->ip.part);
	size_t len = p->ip.len + udp_bytes(s);

	hop(f, p->ip.family);
	if (udp_bytes(s)) {
		udp(f, s, p->ip.family, len, number);
		proto = IPPROTO_UDP;
	}
	if (to->address.family == AF_INET)
		outer4(f, tos, proto, len, to);
	else
		outer6(f, tos, proto, len, to, number);
}

/* ---- mode nat ---- */

/* By how much the sum of words grows that stand in two frames; `bytes` is even. */
static uint32_t grown(const struct frame *was, const struct frame *f, size_t at, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = at; i < at + bytes; i += 2)
		if (memcmp(was->bytes + i, f->bytes + i, 2))
			sum += (uint16_t)~get16(was->bytes + i) + get16(f->bytes + i);
	return sum;
}

/* RFC 1624, equation 3. */
static void checksum_grow(uint8_t *check, uint32_t by)
{
	uint32_t sum = (uint16_t)~get16(check) + by;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(check, ~sum);
}

/* Gives a header another address, and one of IPv4 its checksum. dst: its destination, else its source. */
static void readdress(const struct frame *was, struct frame *f, const struct ip *ip, bool dst,
		      const struct backend *to)
{
	size_t len = ip->family == AF_INET ? 4 : 16;
	size_t at = ip->at + (ip->family == AF_INET ? 12 : 8) + (dst ? len : 0);

	memcpy(f->bytes + at, to->address.bytes, len);
	if (ip->family == AF_INET)
		checksum_grow(f->bytes + ip->at + 10, grown(was, f, at, len));
}

/* The checksum of TCP or UDP, if the packet, which ends there, has it. RFC 768: 0 is none. */
static void l4_grow(struct frame *f, const struct ip *ip, uint8_t proto, size_t end, uint32_t by)
{
	size_t at = ip->next + (proto == IPPROTO_TCP ? 16 : 6);

	if (at + 2 > f->len || at + 2 > end || (proto == IPPROTO_UDP && !get16(f->bytes + at)))
		return;
	checksum_grow(f->bytes + at, by);
	if (proto == IPPROTO_UDP && !get16(f->bytes + at))
		put16(f->bytes + at, 0xffff);
}

/* To the backend's address and port: a packet, or in an ICMP error one that came from the VIP. */
static void translate(const struct packet *p, const struct backend *to, struct frame *f)
{
	static struct frame was;
	const struct ip *about = p->quoted.family ? &p->quoted : &p->ip;
	size_t end = p->ip.at + p->ip.len, port_at = about->next + (p->quoted.family ? 0 : 2);
	size_t address_at = about->at + (about->family == AF_INET ? 12 : 8);
	size_t addresses = about->family == AF_INET ? 8 : 32, icmp = p->ip.next;
	uint32_t address;

	hop(f, p->ip.family);
	was = *f;
	readdress(&was, f, &p->ip, true, to);
	if (p->quoted.family)
		readdress(&was, f, &p->quoted, false, to);
	if (p->ip.part == LATER)
		return;
	if (to->port)
		put16(f->bytes + port_at, to->port);
	address = grown(&was, f, address_at, addresses);
	l4_grow(f, about, about == &p->ip ? p->flow.proto : about->proto, end,
		address + grown(&was, f, port_at, 2));
	if (!p->quoted.family)
		return;
	if (p->ip.family == AF_INET6)		/* RFC 4443: the addresses, too */
		address = grown(&was, f, p->ip.at + 8, 32);
	checksum_grow(f->bytes + icmp + 2,
		      (p->ip.family == AF_INET6 ? address : 0) + grown(&was, f, icmp + 4, (end - icmp - 4) & ~1u));
}

/* ---- what a router says ---- */

/* Is the packet one that an ICMP error may be about? */
static bool may_be_told(const struct ip *ip, bool quotes)
{
	if (ip->family == AF_INET)
		return ip->proto != IPPROTO_ICMP && ip->part != LATER;
	return !quotes && ip->part != LATER;
}

static void turn_round(struct frame *f)
{
	uint8_t macs[12];

	memcpy(macs, f->bytes, 12);
	memcpy(f->bytes, macs + 6, 6);
	memcpy(f->bytes + 6, macs, 6);
}

static void answer(struct frame *f, const struct ip *ip, uint8_t type, uint8_t code, uint16_t mtu)
{
	size_t most = ip->family == AF_INET ? 548 : 1232, head = ip->family == AF_INET ? 20 : 40;
	size_t quote = f->len - ETH < ip->len ? f->len - ETH : ip->len;
	uint8_t *p, *icmp;

	quote = (quote < most ? quote : most) & ~3u;
	f->len = ETH + quote;
	turn_round(f);
	insert(f, head + 8);
	p = f->bytes + ETH;
	icmp = p + head;
	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + 6, mtu);
	if (ip->family == AF_INET) {
		p[0] = 0x45;
		p[1] = 0xc0;
		put16(p + 2, 28 + quote);
		p[8] = 64;
		p[9] = IPPROTO_ICMP;
		memcpy(p + 12, ip->dst, 4);
		memcpy(p + 16, ip->src, 4);
		put16(p + 10, ~sum_of(p, 20, 0));
		put16(icmp + 2, ~sum_of(icmp, 8 + quote, 0));
		return;
	}
	put16(p, 0x6c00);
	put16(p + 4, 8 + quote);
	p[6] = IPPROTO_ICMPV6;
	p[7] = 64;
	memcpy(p + 8, ip->dst, 16);
	memcpy(p + 24, ip->src, 16);
	put16(icmp + 2, ~sum_of(icmp, 8 + quote, sum_of(p + 8, 32, IPPROTO_ICMPV6 + 8 + quote)));
}

static void patch(uint8_t *check, uint8_t was, uint8_t becomes)	/* of a word's first byte: RFC 1624 */
{
	uint32_t sum = (uint16_t)~get16(check) + (uint16_t)~(was << 8) + (becomes << 8);

	sum = (sum & 0xffff) + (sum >> 16);
	put16(check, ~(sum + (sum >> 16)));
}

void expect_echo(struct frame *f, const struct ip *ip)
{
	uint8_t *p = f->bytes + ETH, *icmp = f->bytes + ip->next, types[2] = { 8, 0 };

	turn_round(f);
	if (ip->family == AF_INET) {
		memcpy(p + 12, ip->dst, 4);
		memcpy(p + 16, ip->src, 4);
		patch(p + 10, p[8], 64);
		p[8] = 64;
	} else {
		memcpy(p + 8, ip->dst, 16);
		memcpy(p + 24, ip->src, 16);
		p[7] = 64;
		types[0] = 128;
		types[1] = 129;
	}
	patch(icmp + 2, types[0], types[1]);
	icmp[0] = types[1];
}

/* ---- on the way ---- */

static uint32_t refuse(const struct packet *p, struct frame *f, bool *answered, uint8_t type, uint8_t code,
		       uint16_t mtu)
{
	if (!may_be_told(&p->ip, p->quoted.family))
		return XDP_DROP;
	*answered = true;
	answer(f, &p->ip, type, code, mtu);
	return XDP_TX;
}

uint32_t expect_forward(const struct packet *p, const struct expect_service *s, const struct backend *to,
			struct frame *f, bool *answered)
{
	bool tunnels = s->mode != EXPECT_L2 && s->mode != EXPECT_NAT, six = p->ip.family == AF_INET6;
	size_t outer = !tunnels ? 0 : (to->address.family == AF_INET ? 20 : 40) + udp_bytes(s);
	uint8_t ttl = f->bytes[ETH + (six ? 7 : 8)];

	if (p->ip.len + outer > HOP_MTU)
		return refuse(p, f, answered, six ? 2 : 3, six ? 0 : 4, HOP_MTU - outer);
	if (s->mode != EXPECT_L2 && ttl <= 1)
		return refuse(p, f, answered, six ? 3 : 11, 0, 0);
	if (tunnels)
		tunnel(p, s, to, f);
	else if (s->mode == EXPECT_NAT)
		translate(p, to, f);
	else if (!memcmp(f->bytes + 6, HOP_MAC, 6))
		return XDP_DROP;		/* back to where it came from */
	memcpy(f->bytes, HOP_MAC, 6);
	memcpy(f->bytes + 6, OWN_MAC, 6);
	return XDP_TX;
}
