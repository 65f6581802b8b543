// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/value/number.h"

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int family_parse(const char *text, int family, struct address *ret)
{
	struct address a = { .family = family };

	if (inet_pton(family, text, a.bytes) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

int address_parse(const char *text, struct address *ret)
{
	return family_parse(text, strchr(text, ':') ? AF_INET6 : AF_INET, ret);
}

/*
 * Parses the first len bytes of text as ADDRESS:PORT. An IPv6 address must have brackets,
 * an IPv4 address must not.
 */
static int pair_parse(const char *text, size_t len, uint32_t port_min,
		      struct address *ret, uint16_t *ret_port)
{
	char buf[ENDPOINT_TEXT];
	char *host = buf, *colon;
	int family = AF_INET;
	uint32_t port;

	if (len >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, len);
	buf[len] = '\0';
	colon = strrchr(buf, ':');
	if (!colon || unsigned_parse(colon + 1, port_min, UINT16_MAX, &port))
		return -EINVAL;
	*colon = '\0';
	if (buf[0] == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = '\0';
		host++;
		family = AF_INET6;
	}
	if (family_parse(host, family, ret))
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

int endpoint_parse(const char *text, struct address *ret, uint16_t *ret_port)
{
	if (address_parse(text, ret))
		return pair_parse(text, strlen(text), 1, ret, ret_port);
	*ret_port = 0;
	return 0;
}

int flow_end_parse(const char *text, struct address *ret, uint16_t *ret_port)
{
	return pair_parse(text, strlen(text), 0, ret, ret_port);
}

const char *address_print(const struct address *a, char buf[ADDRESS_TEXT])
{
	if (!inet_ntop(a->family, a->bytes, buf, ADDRESS_TEXT))
		snprintf(buf, ADDRESS_TEXT, "none");
	return buf;
}

/* Prints ADDRESS:PORT, also if the port is 0. */
static const char *pair_print(const struct address *a, unsigned port, char buf[ENDPOINT_TEXT])
{
	char text[ADDRESS_TEXT];

	snprintf(buf, ENDPOINT_TEXT, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 address_print(a, text), port);
	return buf;
}

const char *endpoint_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT])
{
	return port ? pair_print(a, port, buf) : address_print(a, buf);
}

const char *flow_end_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT])
{
	return pair_print(a, port, buf);
}

bool address_is_unicast(const struct address *a)
{
	static const uint8_t unspecified[16], broadcast[4] = { 255, 255, 255, 255 };

	if (!memcmp(a->bytes, unspecified, sizeof(unspecified)))
		return false;
	if (a->family == AF_INET)
		return a->bytes[0] >> 4 != 14 && memcmp(a->bytes, broadcast, sizeof(broadcast));
	return a->bytes[0] != 0xff;
}

const char *address_stays_here(const struct address *a)
{
	static const uint8_t one[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->family == AF_INET)
		return a->bytes[0] == 127 ? "a loopback address" : NULL;
	if (!memcmp(a->bytes, one, sizeof(one)))
		return "a loopback address";
	if (!memcmp(a->bytes, mapped, sizeof(mapped)))
		return "an IPv4-mapped address";
	if (a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80)
		return "a link-local address";
	return NULL;
}
