// SPDX-License-Identifier: GPL-2.0-or-later
#include "frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* RFC 1071, in network byte order, carried on from `sum`. */
static uint32_t sum_of(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(at + i);
	if (len & 1)
		sum += at[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool is6(const char *address)
{
	return strchr(address, ':');
}

static uint8_t protocol_of(const struct layer *l, bool six)
{
	switch (l->kind) {
	case LAYER_TCP:
		return IPPROTO_TCP;
	case LAYER_UDP:
		return IPPROTO_UDP;
	case LAYER_ICMP:
	case LAYER_ECHO:
		return six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	case LAYER_EXT:
		return l->type;
	case LAYER_IP:
		return is6(l->src) ? IPPROTO_IPV6 : IPPROTO_IPIP;
	default:
		return 253;	/* for experiments (RFC 3692) */
	}
}

static uint16_t type_of(const struct layer *l)
{
	if (l->kind == LAYER_VLAN)
		return ETH_P_8021Q;
	if (l->kind == LAYER_ARP)
		return ETH_P_ARP;
	return l->kind == LAYER_IP && is6(l->src) ? ETH_P_IPV6 : ETH_P_IP;
}

/* Where a layer begins, and which IP header is above it. */
struct building {
	uint8_t *at;
	uint8_t *ip;
	const struct layer *ip_layer;
};

static void put_ip(struct building *b, const struct layer *l)
{
	uint8_t *p = b->at;

	b->ip = p;
	b->ip_layer = l;
	if (is6(l->src)) {
		p[0] = 0x60 | l->tos >> 4;
		p[1] = l->tos << 4;
		p[6] = protocol_of(l + 1, true);
		p[7] = l->ttl ?: 64;
		inet_pton(AF_INET6, l->src, p + 8);
		inet_pton(AF_INET6, l->dst, p + 24);
		b->at += 40;
		return;
	}
	p[0] = 0x45 + l->options / 4;
	p[1] = l->tos;
	put16(p + 4, l->id ?: 0x1234);
	put16(p + 6, l->fragment);
	p[8] = l->ttl ?: 64;
	p[9] = protocol_of(l + 1, false);
	inet_pton(AF_INET, l->src, p + 12);
	inet_pton(AF_INET, l->dst, p + 16);
	memset(p + 20, 1, l->options);	/* no operation */
	b->at += 20 + l->options;
}

static void put_layer(struct building *b, const struct layer *l)
{
	uint8_t *p = b->at;

	switch (l->kind) {
	case LAYER_ETH:
		memcpy(p, FRAME_MAC "\x02\x00\x00\x00\x00\x64", 12);
		put16(p + 12, type_of(l + 1));
		b->at += 14;
		break;
	case LAYER_VLAN:
		put16(p, 100);
		put16(p + 2, type_of(l + 1));
		b->at += 4;
		break;
	case LAYER_IP:
		put_ip(b, l);
		break;
	case LAYER_EXT:
		p[0] = protocol_of(l + 1, true);
		if (l->type == IPPROTO_FRAGMENT)
			put16(p + 2, l->fragment);
		b->at += 8;
		break;
	case LAYER_TCP:
		put16(p, l->sport);
		put16(p + 2, l->dport);
		p[7] = 9;
		p[12] = 5 << 4;
		p[13] = l->flags;
		put16(p + 14, 0xffff);
		b->at += 20;
		break;
	case LAYER_UDP:
		put16(p, l->sport);
		put16(p + 2, l->dport);
		b->at += 8;
		break;
	case LAYER_ICMP:
		p[0] = b->ip_layer && is6(b->ip_layer->src) ? 1 : 3;
		p[1] = 1;
		b->at += 8;
		break;
	case LAYER_ECHO:
		p[0] = b->ip_layer && is6(b->ip_layer->src) ? 128 : 8;
		put16(p + 4, l->sport);
		put16(p + 6, l->dport);
		b->at += 8;
		break;
	case LAYER_ARP:
		b->at += 28;
		break;
	case LAYER_DATA:
		for (uint32_t i = 0; i < l->bytes; i++)
			p[i] = 'a' + i % 26;
		b->at += l->bytes;
		break;
	case LAYER_END:
		break;
	}
}

static uint32_t pseudo_sum(const uint8_t *ip, uint8_t protocol, size_t len)
{
	uint32_t sum = protocol + len;

	return ip[0] >> 4 == 6 ? sum_of(ip + 8, 32, sum) : sum_of(ip + 12, 8, sum);
}

/* Lengths and checksums, when all is in place. */
static void finish(uint8_t *at, const struct layer *l, const uint8_t *ip, uint8_t *end)
{
	size_t len = end - at;

	if (l->kind == LAYER_IP && is6(l->src)) {
		put16(at + 4, len - 40);
	} else if (l->kind == LAYER_IP) {
		put16(at + 2, len);
		put16(at + 10, 0);
		put16(at + 10, ~sum_of(at, 20 + l->options, 0));
	} else if (l->kind == LAYER_UDP) {
		put16(at + 4, len);
		if (!l->no_checksum)
			put16(at + 6, ~sum_of(at, len, pseudo_sum(ip, IPPROTO_UDP, len)) ?: 0xffff);
	} else if (l->kind == LAYER_TCP) {
		put16(at + 16, ~sum_of(at, len, pseudo_sum(ip, IPPROTO_TCP, len)));
	} else if (l->kind == LAYER_ICMP || l->kind == LAYER_ECHO) {
		bool six = ip[0] >> 4 == 6;

		put16(at + 2, ~sum_of(at, len, six ? pseudo_sum(ip, IPPROTO_ICMPV6, len) : 0));
	}
}

static void tag(struct frame *f, uint32_t tag)
{
	if (!tag)
		return;
	memmove(f->bytes + 16, f->bytes + 12, f->len - 12);
	put16(f->bytes + 12, tag >> 16);
	put16(f->bytes + 14, tag);
	f->len += 4;
}

void frame_tag(struct frame *f, uint32_t outer, uint32_t inner)
{
	tag(f, inner);
	tag(f, outer);
}

void frame_build(struct frame *f, const struct layer *layers)
{
	struct building b = { .at = f->bytes };
	uint8_t *starts[16];
	const uint8_t *ips[16];
	int n = 0;

	memset(f, 0, sizeof(*f));
	for (; layers[n].kind != LAYER_END; n++) {
		starts[n] = b.at;
		ips[n] = b.ip;
		put_layer(&b, &layers[n]);
	}
	f->len = b.at - f->bytes;
	for (int i = n - 1; i >= 0; i--)
		finish(starts[i], &layers[i], ips[i], b.at);
}

void frame_number(struct frame *f, uint32_t seq)
{
	uint8_t *tcp = f->bytes + 14 + (f->bytes[14] & 15) * 4;

	put16(tcp + 4, seq >> 16);
	put16(tcp + 6, seq);
}

void frame_shorten(struct frame *f, size_t len)
{
	uint8_t *ip = f->bytes + 14, *icmp;
	bool six = ip[0] >> 4 == 6;

	f->len = len;
	len -= 14;
	icmp = ip + (six ? 40 : 20);
	put16(ip + (six ? 4 : 2), six ? len - 40 : len);
	if (!six) {
		put16(ip + 10, 0);
		put16(ip + 10, ~sum_of(ip, 20, 0));
	}
	len -= icmp - ip;
	put16(icmp + 2, 0);
	put16(icmp + 2, ~sum_of(icmp, len, six ? pseudo_sum(ip, IPPROTO_ICMPV6, len) : 0));
}

static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS ||
	       protocol == IPPROTO_AH || protocol == 135;
}

/* An IP header with all that belongs to it. */
struct see_ip {
	int family;
	char src[48], dst[48];
	uint8_t ttl, protocol;
	bool fragment;
	const uint8_t *ip, *next;
	size_t len;			/* of what follows, as the header says */
};

/* whole: all that the header promises is there. */
static struct see_ip see_ip(const uint8_t *p, const uint8_t *end, bool whole)
{
	bool six = p[0] >> 4 == 6;
	size_t head = six ? 40 : (p[0] & 15) * 4;
	size_t len = six ? get16(p + 4) + 40u : get16(p + 2);
	struct see_ip s = { six ? AF_INET6 : AF_INET, .ip = p };

	assert_true(p[0] >> 4 == 4 || six);
	assert_true(len >= head && (!whole || len <= (size_t)(end - p)));
	inet_ntop(s.family, six ? p + 8 : p + 12, s.src, 48);
	inet_ntop(s.family, six ? p + 24 : p + 16, s.dst, 48);
	s.ttl = six ? p[7] : p[8];
	s.protocol = six ? p[6] : p[9];
	if (!six) {
		assert_int_equal(sum_of(p, head, 0), 0xffff);
		s.fragment = get16(p + 6) & 0x3fff;
	}
	while (six && is_extension(s.protocol)) {
		const uint8_t *ext = p + head;

		s.fragment |= s.protocol == IPPROTO_FRAGMENT;
		head += s.protocol == IPPROTO_AH ? (ext[1] + 2) * 4 :
			s.protocol == IPPROTO_FRAGMENT ? 8 : (ext[1] + 1) * 8;
		s.protocol = ext[0];
	}
	s.len = len - head;
	s.next = p + head;
	return s;
}

static uint8_t tos_of(const uint8_t *ip)
{
	return ip[0] >> 4 == 4 ? ip[1] : (uint8_t)(ip[0] << 4 | ip[1] >> 4);
}

static void see_quoted(const struct see_ip *icmp, const uint8_t *end, struct seen *ret)
{
	struct see_ip quoted = see_ip(icmp->next + 8, end, false);

	strcpy(ret->quoted_src, quoted.src);
	strcpy(ret->quoted_dst, quoted.dst);
	ret->quoted_sport = get16(quoted.next);
	ret->quoted_dport = get16(quoted.next + 2);
	/* Of a packet that is quoted whole, its own checksum is right, too. */
	if ((quoted.protocol == IPPROTO_TCP || quoted.protocol == IPPROTO_UDP) &&
	    quoted.next + quoted.len <= end)
		assert_int_equal(sum_of(quoted.next, quoted.len,
					pseudo_sum(quoted.ip, quoted.protocol, quoted.len)), 0xffff);
}

void frame_see(const struct frame *f, struct seen *ret)
{
	const uint8_t *end = f->bytes + f->len;
	struct see_ip s = see_ip(f->bytes + 14, end, true);
	uint16_t type = get16(f->bytes + 12);
	bool icmp;

	*ret = (struct seen){ .eth = f->bytes };
	assert_int_equal(type, s.family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	if (s.protocol == IPPROTO_IPIP || s.protocol == IPPROTO_IPV6) {
		ret->outer_family = s.family;
		strcpy(ret->outer_src, s.src);
		strcpy(ret->outer_dst, s.dst);
		ret->outer_ttl = s.ttl;
		ret->outer_tos = tos_of(s.ip);
		type = s.protocol;
		s = see_ip(s.next, s.next + s.len, true);
		assert_int_equal(type, s.family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6);
	}
	ret->family = s.family;
	strcpy(ret->src, s.src);
	strcpy(ret->dst, s.dst);
	ret->ttl = s.ttl;
	ret->tos = tos_of(s.ip);
	ret->protocol = s.protocol;
	icmp = s.protocol == IPPROTO_ICMP || s.protocol == IPPROTO_ICMPV6;
	ret->sport = get16(s.next);
	ret->dport = get16(s.next + 2);
	if (s.fragment || (s.protocol == IPPROTO_UDP && !get16(s.next + 6)))
		return;
	assert_int_equal(sum_of(s.next, s.len, s.protocol == IPPROTO_ICMP ? 0 :
				pseudo_sum(s.ip, s.protocol, s.len)), 0xffff);
	if (icmp) {
		ret->icmp_type = s.next[0];
		ret->icmp_code = s.next[1];
		ret->icmp_mtu = get16(s.next + 6);
	}
	if (icmp && (s.family == AF_INET ? s.next[0] == 3 || s.next[0] == 11 : s.next[0] < 128))
		see_quoted(&s, s.next + s.len, ret);
}
