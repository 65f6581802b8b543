// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/view/frame.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ETHERNET 14
#define TAG 4
#define TAGS 2
#define HEADERS 8			/* IPv6 extension headers that are walked */

static unsigned word(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static void address_take(struct address *to, int family, const uint8_t *at)
{
	*to = (struct address){ .family = family };
	memcpy(to->bytes, at, family == AF_INET ? 4 : 16);
}

static void protocol_print(unsigned protocol, char ret[16])
{
	static const struct {
		unsigned number;
		const char *name;
	} known[] = { { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" }, { IPPROTO_ICMP, "icmp" },
		      { IPPROTO_ICMPV6, "icmpv6" }, { IPPROTO_IPIP, "ipip" }, { IPPROTO_IPV6, "ip6ip" } };

	snprintf(ret, 16, "%u", protocol);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == protocol)
			snprintf(ret, 16, "%s", known[i].name);
}

/* What is behind the addresses: its ports, where it has such and they are there. */
static void ends_print(const struct address *from, const struct address *to, unsigned protocol,
		       const uint8_t *at, const uint8_t *end, struct frame_words *ret)
{
	bool ports = (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) && at && end - at >= 4;

	protocol_print(protocol, ret->protocol);
	if (ports) {
		flow_end_print(from, word(at), ret->from);
		flow_end_print(to, word(at + 2), ret->to);
	} else {
		address_print(from, ret->from);
		address_print(to, ret->to);
	}
}

static void ip4_print(const uint8_t *at, const uint8_t *end, struct frame_words *ret)
{
	size_t header = (at[0] & 15) * 4;
	struct address from, to;
	bool later;

	if (end - at < 20 || header < 20)
		return;
	later = word(at + 6) & 0x1fff;		/* a fragment without ports */
	address_take(&from, AF_INET, at + 12);
	address_take(&to, AF_INET, at + 16);
	ends_print(&from, &to, at[9], later || (size_t)(end - at) < header ? NULL : at + header, end, ret);
}

static bool is_extension(unsigned header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING || header == IPPROTO_DSTOPTS ||
	       header == IPPROTO_FRAGMENT;
}

static void ip6_print(const uint8_t *at, const uint8_t *end, struct frame_words *ret)
{
	unsigned next = at[6];
	struct address from, to;

	if (end - at < 40)
		return;
	address_take(&from, AF_INET6, at + 8);
	address_take(&to, AF_INET6, at + 24);
	at += 40;
	for (int i = 0; i < HEADERS && at && end - at >= 8 && is_extension(next); i++) {
		size_t bytes = next == IPPROTO_FRAGMENT ? 8 : (at[1] + 1u) * 8;
		bool later = next == IPPROTO_FRAGMENT && word(at + 2) >> 3;

		next = at[0];
		at = later || (size_t)(end - at) < bytes ? NULL : at + bytes;
	}
	ends_print(&from, &to, next, at, end, ret);
}

void frame_print(const uint8_t *bytes, size_t len, struct frame_words *ret)
{
	const uint8_t *at = bytes, *end = bytes + len;

	*ret = (struct frame_words){};
	for (int tags = 0; end - at >= ETHERNET + 7; tags++) {
		unsigned type = word(at + 12);

		if ((type == 0x8100 || type == 0x88a8) && tags < TAGS) {
			at += TAG;
			continue;
		}
		at += ETHERNET;
		if (type == 0x0800 && at[0] >> 4 == 4)
			ip4_print(at, end, ret);
		else if (type == 0x86dd && at[0] >> 4 == 6)
			ip6_print(at, end, ret);
		return;
	}
}
