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

bool vip_equal(const struct vip *a, const struct vip *b)
{
	return a->port == b->port && a->protocol == b->protocol &&
	       address_equal(&a->address, &b->address);
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

int vip_parse(const char *text, struct vip *ret)
{
	const char *slash = strchr(text, '/');
	struct vip vip = { 0 };

	if (!slash)
		return -EINVAL;
	if (!strcmp(slash, "/tcp"))
		vip.protocol = IPPROTO_TCP;
	else if (!strcmp(slash, "/udp"))
		vip.protocol = IPPROTO_UDP;
	else
		return -EINVAL;
	if (pair_parse(text, (size_t)(slash - text), 0, &vip.address, &vip.port))
		return -EINVAL;
	*ret = vip;
	return 0;
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

const char *vip_print(const struct vip *vip, char buf[VIP_TEXT])
{
	char pair[ENDPOINT_TEXT];

	snprintf(buf, VIP_TEXT, "%s/%s", pair_print(&vip->address, vip->port, pair),
		 vip->protocol == IPPROTO_UDP ? "udp" : "tcp");
	return buf;
}
