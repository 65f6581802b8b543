/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_NEXTHOP_H
#define XRING_DAEMON_NET_NEXTHOP_H

#include "core/vip/template.h"

/*
 * The way to each backend, asked of the kernel (rtnetlink) and followed: routes,
 * addresses, links and neighbours. XDP traffic does not refresh the neighbour
 * table, so the entries in use are kept alive here.
 */
struct loop;
struct nexthop_table;

struct nexthop {
	struct address to;
	struct next_hop hop;		/* ifindex 0: not resolved, see why */
	const char *why;		/* what is missing, for people; NULL: nothing */
	struct address gateway;		/* family 0: on the link */
	unsigned users;
	uint32_t route_ifindex;		/* what the route says, resolved or not */
	bool pending;			/* the neighbour is being asked: no news is no bad news */
	bool dirty;			/* something about it changed: to be looked at */
};

/* changed: the way to nh->to is another one now (or there is none). */
int nexthop_open(struct loop *loop, void (*changed)(void *context, const struct nexthop *nh),
		 void *context, struct nexthop_table **ret);
void nexthop_close(struct nexthop_table *table);

/* The way to an address, followed until it is released; NULL: no memory. */
const struct nexthop *nexthop_get(struct nexthop_table *table, const struct address *to);
void nexthop_put(struct nexthop_table *table, const struct nexthop *nh);

/* Gives neighbours that are being asked up to ms to answer. */
void nexthop_settle(struct nexthop_table *table, unsigned ms);

/*
 * Is the address on a link of ours: 1, 0 where a gateway leads to it, -ENOENT
 * where no route does. Asks by a socket of its own: needs no table.
 */
int nexthop_on_link(const struct address *to);

#endif
