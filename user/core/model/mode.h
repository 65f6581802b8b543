/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MODE_H
#define XRING_CORE_MODEL_MODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How packets reach a backend, and how the backend's replies reach the client. The modes are
 * rows of the table in mode.c; a mode that no other code names needs no name here.
 */
enum mode {
	MODE_NAT,			/* rewrites the destination, and the source of replies */
	MODE_L2,			/* rewrites MAC addresses only; replies go directly */
	MODE_IPIP,			/* adds an outer IPv4 or IPv6 header; replies go directly */
	MODE_GUE,			/* the same with UDP in between, whose source port varies by flow */
};

int mode_parse(const char *text, enum mode *ret);	/* -EINVAL */
const char *mode_print(enum mode mode);
const char *mode_word(size_t i);	/* the word of the i-th mode; NULL: no such mode */
const char *mode_want(void);		/* "nat, l2, ipip or gue" */

/*
 * Do replies come back through the balancer? If so, each backend has an entry in the VIP
 * table, by which its replies are recognized, and the host must forward packets.
 */
bool mode_replies_return(enum mode mode);

/* Must a backend be on one link with the balancer, not reached through a gateway? */
bool mode_needs_link(enum mode mode);

/* Does the packet get an outer header? */
bool mode_tunnels(enum mode mode);

/* Does the outer header have ports, by which the network tells flows apart? */
bool mode_ports_vary(enum mode mode);

#endif
