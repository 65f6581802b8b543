// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/vip.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/value/number.h"

bool vip_equal(const struct vip *a, const struct vip *b)
{
	return a->port == b->port && a->port_last == b->port_last && a->bits == b->bits &&
	       a->protocol == b->protocol && address_equal(&a->address, &b->address);
}

/* Parses PORT or FIRST-LAST; 0 alone is any port. */
static int ports_parse(char *text, struct vip *vip)
{
	char *dash = strchr(text, '-');
	uint32_t first, last = 0;

	if (dash)
		*dash = '\0';
	if (unsigned_parse(text, dash ? 1 : 0, UINT16_MAX, &first) ||
	    (dash && unsigned_parse(dash + 1, first, UINT16_MAX, &last)))
		return -EINVAL;
	vip->port = (uint16_t)first;
	vip->port_last = last == first ? 0 : (uint16_t)last;
	return 0;
}

/* Parses ADDRESS or ADDRESS/BITS. An IPv6 address must have brackets, an IPv4 address must not. */
static int host_parse(char *text, struct vip *vip)
{
	size_t len = strlen(text);
	bool six = text[0] == '[';
	struct prefix p;

	if (six) {
		if (text[len - 1] != ']')
			return -EINVAL;
		text[len - 1] = '\0';
		text++;
	}
	if (prefix_parse(text, &p, NULL) || (p.address.family == AF_INET6) != six || !p.bits)
		return -EINVAL;
	vip->address = p.address;
	vip->bits = p.bits == prefix_bits_max(p.address.family) ? 0 : p.bits;
	return 0;
}

int vip_parse(const char *text, struct vip *ret)
{
	const char *slash = strrchr(text, '/');
	struct vip vip = { 0 };
	char buf[VIP_TEXT], *colon;

	if (!slash || slash - text >= VIP_TEXT)
		return -EINVAL;
	if (!strcmp(slash, "/tcp"))
		vip.protocol = IPPROTO_TCP;
	else if (!strcmp(slash, "/udp"))
		vip.protocol = IPPROTO_UDP;
	else
		return -EINVAL;
	memcpy(buf, text, (size_t)(slash - text));
	buf[slash - text] = '\0';
	colon = strrchr(buf, ':');
	if (!colon || ports_parse(colon + 1, &vip))
		return -EINVAL;
	*colon = '\0';
	if (host_parse(buf, &vip))
		return -EINVAL;
	*ret = vip;
	return 0;
}

const char *vip_print(const struct vip *vip, char buf[VIP_TEXT])
{
	const char *form = vip->address.family == AF_INET6 ? "[%s%s]:%u%s/%s" : "%s%s:%u%s/%s";
	char address[ADDRESS_TEXT], bits[8] = "", last[8] = "";

	if (vip->bits)
		snprintf(bits, sizeof(bits), "/%u", vip->bits);
	if (vip->port_last)
		snprintf(last, sizeof(last), "-%u", vip->port_last);
	snprintf(buf, VIP_TEXT, form, address_print(&vip->address, address), bits, vip->port, last,
		 vip->protocol == IPPROTO_UDP ? "udp" : "tcp");
	return buf;
}

struct prefix vip_prefix(const struct vip *vip)
{
	return (struct prefix){ vip->address,
				vip->bits ?: (uint8_t)prefix_bits_max(vip->address.family) };
}

bool vip_takes(const struct vip *vip, const struct address *address, uint16_t port)
{
	const struct prefix p = vip_prefix(vip);

	return prefix_covers(&p, address) &&
	       (!vip->port || (port >= vip->port && port <= (vip->port_last ?: vip->port)));
}

struct address vip_host(const struct vip *vip)
{
	struct address a = vip->address;

	/* The first address of a network may be that of no host: RFC 4291, 2.6.1. */
	if (vip->bits && vip->bits + 1 < (int)prefix_bits_max(a.family))
		a.bytes[a.family == AF_INET ? 3 : 15] |= 1;
	return a;
}

size_t vip_blocks(const struct vip *vip, struct port_block ret[PORT_BLOCKS_MAX])
{
	uint32_t at = vip->port, end = (vip->port_last ?: vip->port) + 1u;
	size_t count = 0;

	if (!vip->port) {
		ret[0] = (struct port_block){ 0, 16 };
		return 1;
	}
	while (at < end) {
		uint8_t bits = (uint8_t)__builtin_ctz(at);

		while (at + (1u << bits) > end)
			bits--;
		ret[count++] = (struct port_block){ (uint16_t)at, bits };
		at += 1u << bits;
	}
	return count;
}

size_t vip_block_count(const struct vip *vip)
{
	struct port_block blocks[PORT_BLOCKS_MAX];

	return vip_blocks(vip, blocks);
}
