/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_TUNNEL_SOURCE_H
#define XRING_CORE_MODEL_TUNNEL_SOURCE_H

#include <stdint.h>

struct model;
struct service;

/*
 * The IPv4 network from which the outer sources of tunnels are taken, one for each flow. It is one
 * number, so that it is a setting like others: the network in host byte order, with the bit after
 * its last one set (10.255.0.0/20 is 0x0aff0800). Two numbers mean no network.
 */
#define TUNNEL_SOURCE_DEFAULT 0u	/* of a service: what the model says; of the model: none */
#define TUNNEL_SOURCE_NONE 1u
#define TUNNEL_SOURCE_TEXT 24
#define WANT_TUNNEL_SOURCE "an IPv4 network of /8 to /30, as 10.255.0.0/20, none or default"

/* -EINVAL: the text is not what WANT_TUNNEL_SOURCE says. */
int tunnel_source_parse(const char *text, uint32_t *ret);
const char *tunnel_source_print(uint32_t source, char buf[TUNNEL_SOURCE_TEXT]);

/* What counts for a service: a network, or TUNNEL_SOURCE_NONE. */
uint32_t tunnel_source(const struct model *m, const struct service *s);
/* Of a network: its first address, and the bits that vary. Host byte order; 0, 0 for no network. */
uint32_t tunnel_source_base(uint32_t source);
uint32_t tunnel_source_varying(uint32_t source);

#endif
