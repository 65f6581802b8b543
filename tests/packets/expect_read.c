// SPDX-License-Identifier: GPL-2.0-or-later
/* The independent model: what a packet says. */
#include "expect_parts.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define EXTENSIONS 8

/* ---- an IP header ---- */

static bool ip_read4(const struct frame *f, struct ip *ip)
{
	const uint8_t *p = f->bytes + ip->at;
	uint16_t field;

	if (ip->at + 20 > f->len || (p[0] & 15) < 5)
		return false;
	ip->proto = p[9];
	memcpy(ip->src, p + 12, 4);
	memcpy(ip->dst, p + 16, 4);
	ip->len = get16(p + 2);
	ip->next = ip->at + (p[0] & 15) * 4;
	memcpy(&ip->id, p + 4, 2);
	field = get16(p + 6);
	ip->part = field & 0x1fff ? LATER : field & 0x2000 ? FIRST : WHOLE;
	return true;
}

bool is_extension(uint8_t type)
{
	return type == 0 || type == 43 || type == 44 || type == 60 || type == 51 || type == 135;
}

static bool ip_read6(const struct frame *f, struct ip *ip)
{
	const uint8_t *p = f->bytes + ip->at;

	if (ip->at + 40 > f->len)
		return false;
	ip->proto = p[6];
	memcpy(ip->src, p + 8, 16);
	memcpy(ip->dst, p + 24, 16);
	ip->len = 40 + get16(p + 4);
	ip->next = ip->at + 40;
	for (int i = 0; i < EXTENSIONS && is_extension(ip->proto) && ip->part != LATER; i++) {
		const uint8_t *ext = f->bytes + ip->next;
		uint8_t type = ip->proto;

		if (ip->next + 8 > f->len)
			return false;
		ip->proto = ext[0];
		ip->next += type == 44 ? 8 : type == 51 ? 8 + ext[1] * 4 : 8 + ext[1] * 8;
		if (type != 44)
			continue;
		memcpy(&ip->id, ext + 4, 4);
		ip->part = get16(ext + 2) & 0xfff8 ? LATER : get16(ext + 2) & 1 ? FIRST : ip->part;
	}
	ip->too_deep = is_extension(ip->proto) && ip->part != LATER;
	return true;
}

static bool ip_read(const struct frame *f, size_t at, struct ip *ret)
{
	*ret = (struct ip){ .at = at };
	if (at >= f->len)
		return false;
	ret->family = f->bytes[at] >> 4 == 4 ? AF_INET : f->bytes[at] >> 4 == 6 ? AF_INET6 : 0;
	return ret->family == AF_INET ? ip_read4(f, ret) : ret->family && ip_read6(f, ret);
}

/* ---- a packet ---- */

/* Does an ICMP message quote the packet that it is about (RFC 792, RFC 4443)? */
static bool is_error(int family, uint8_t type)
{
	return family == AF_INET6 ? type < 128 : type == 3 || type == 4 || type == 11 || type == 12;
}

static enum kind quotation(const struct frame *f, struct packet *p)
{
	if (p->ip.part != WHOLE || p->ip.next + 8 > f->len)
		return NOT_OURS;
	if (!is_error(p->ip.family, f->bytes[p->ip.next]))
		return PING;
	if (!ip_read(f, p->ip.next + 8, &p->quoted) || p->quoted.family != p->ip.family ||
	    memcmp(p->quoted.src, p->ip.dst, 16)) {
		p->quoted.family = 0;
		return NOT_OURS;
	}
	return OURS;
}

static bool ports_read(const struct frame *f, struct packet *p)
{
	const struct ip *ip = p->quoted.family ? &p->quoted : &p->ip;
	size_t need = ip->proto == IPPROTO_TCP ? 20 : 8;

	if (ip->next + 8 > f->len)
		return false;
	memcpy(&p->flow.ports, f->bytes + ip->next, 4);
	if (p->quoted.family) {
		p->flow.ports = p->flow.ports << 16 | p->flow.ports >> 16;
		return ip->next + 8 <= p->ip.at + p->ip.len;
	}
	p->malformed |= ip->next + need > f->len || ip->next - ip->at + need > ip->len;
	return true;
}

enum kind packet_read(const struct frame *f, struct packet *p)
{
	uint16_t type = get16(f->bytes + 12);
	const struct ip *ip = &p->ip;

	*p = (struct packet){};
	if ((type != ETH_P_IP && type != ETH_P_IPV6) || !ip_read(f, ETH, &p->ip) ||
	    (ip->family == AF_INET) != (type == ETH_P_IP))
		return NOT_OURS;
	p->malformed = ip->len > f->len - ETH || ip->len < ip->next - ETH;
	if (ip->part != LATER && ip->proto == (ip->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		enum kind kind = quotation(f, p);

		if (kind != OURS)
			return kind;
		ip = &p->quoted;
	}
	p->flow = (struct flow){ .family = ip->family, .proto = ip->proto };
	memcpy(p->flow.src, ip == &p->ip ? ip->src : ip->dst, 16);
	memcpy(p->flow.dst, ip == &p->ip ? ip->dst : ip->src, 16);
	p->hidden = ip->part == LATER || ip->too_deep;
	if (ip->family == AF_INET6 && is_extension(ip->proto))
		return OURS;
	if (ip->proto != IPPROTO_TCP && ip->proto != IPPROTO_UDP)
		return NOT_OURS;
	return p->hidden || ports_read(f, p) ? OURS : NOT_OURS;
}

bool is_ping(const struct frame *f, const struct ip *ip)
{
	return ip->part == WHOLE && ip->next == ip->at + (ip->family == AF_INET ? 20 : 40) &&
	       ip->len >= ip->next - ip->at && ip->len <= f->len - ip->at &&
	       ip->next + 8 <= f->len && f->bytes[ip->next] == (ip->family == AF_INET ? 8 : 128);
}
