// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/tunnel_source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "core/value/prefix.h"

#define SHORTEST 8
#define LONGEST 30

static bool is_network(uint32_t source)
{
	return source > TUNNEL_SOURCE_NONE;
}

/* The bit after the last one of the network. */
static uint32_t end_bit(uint32_t source)
{
	return source & -source;
}

uint32_t tunnel_source_base(uint32_t source)
{
	return is_network(source) ? source ^ end_bit(source) : 0;
}

uint32_t tunnel_source_varying(uint32_t source)
{
	return is_network(source) ? 2 * end_bit(source) - 1 : 0;
}

int tunnel_source_parse(const char *text, uint32_t *ret)
{
	struct prefix p;
	uint32_t address;

	if (!strcmp(text, "none") || !strcmp(text, "default")) {
		*ret = *text == 'n' ? TUNNEL_SOURCE_NONE : TUNNEL_SOURCE_DEFAULT;
		return 0;
	}
	if (prefix_parse(text, &p, NULL) || p.address.family != AF_INET || p.bits < SHORTEST ||
	    p.bits > LONGEST)
		return -EINVAL;
	memcpy(&address, p.address.bytes, sizeof(address));
	address = ntohl(address);
	/* What no host sends from: 0/8, 127/8, 224/3. */
	if (!(address >> 24) || address >> 24 == 127 || address >> 29 == 7)
		return -EINVAL;
	*ret = address | 1u << (31 - p.bits);
	return 0;
}

const char *tunnel_source_print(uint32_t source, char buf[TUNNEL_SOURCE_TEXT])
{
	uint32_t base = htonl(tunnel_source_base(source));
	char address[INET_ADDRSTRLEN];

	if (!is_network(source))
		snprintf(buf, TUNNEL_SOURCE_TEXT, "%s",
			 source == TUNNEL_SOURCE_NONE ? "none" : "default");
	else
		snprintf(buf, TUNNEL_SOURCE_TEXT, "%s/%d",
			 inet_ntop(AF_INET, &base, address, sizeof(address)),
			 31 - __builtin_ctz(source));
	return buf;
}

uint32_t tunnel_source(const struct model *m, const struct service *s)
{
	return s->tunnel_source ?: m->tunnel_source ?: TUNNEL_SOURCE_NONE;
}
