/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_NEXTHOP_H
#define XRING_DAEMON_NET_NEXTHOP_H

#include "core/vip/template.h"

/*
 * The next hop to each backend, asked of the kernel (rtnetlink) and followed: routes,
 * addresses, links and neighbours. XDP traffic does not refresh the neighbour table, so the
 * entries in use are kept alive here.
 */
struct loop;
struct nexthop_table;

struct nexthop {
	struct address to;
	struct next_hop hop;		/* ifindex 0: not resolved, `why` has the reason */
	const char *why;		/* what is missing, for people; NULL: nothing is */
	struct address gateway;		/* family 0: none, the backend is on the link */
	unsigned users;			/* calls of nexthop_get() without a nexthop_put() */
	uint32_t route_ifindex;		/* the route's; also if unresolved */
	uint32_t sender;		/* the device that sends; also while the neighbour is asked; 0: not known */
	bool stacked;			/* which is another one than the route's, or not known for that (stack.h) */
	bool pending;			/* the kernel asks for the neighbour: no answer yet */
	bool dirty;			/* an event may have changed it: must be resolved again */
	bool unknown;			/* the kernel could not be asked yet, `why` says so */
	bool changed;			/* nexthop_table's user is about to be told so */
};

/* changed: is called when next hops have changed or are lost, those with `changed` set. */
int nexthop_open(struct loop *loop, void (*changed)(void *context), void *context,
		 struct nexthop_table **ret);
void nexthop_close(struct nexthop_table *table);

/* The next hop to an address, followed until nexthop_put(); NULL: no memory. */
const struct nexthop *nexthop_get(struct nexthop_table *table, const struct address *to);
void nexthop_put(struct nexthop_table *table, const struct nexthop *nh);

/* Has the kernel ask for the MAC address of a neighbour on a link, for whoever needs it. */
void nexthop_ask(struct nexthop_table *table, uint32_t ifindex, const struct address *neighbour);
/*
 * The same if the kernel has known it for too long to be sure of it. False: nobody answers there any more, and
 * nothing was done.
 */
bool nexthop_keep(struct nexthop_table *table, uint32_t ifindex, const struct address *neighbour);

/* Waits up to that many ms for neighbours that the kernel is asking for. */
void nexthop_settle(struct nexthop_table *table, unsigned ms);

/*
 * Is the address on a link of this host? 1: yes, 0: a gateway leads to it, -ENOENT: no route
 * does; or the error of a question that failed. Uses its own socket, and needs no table.
 */
int nexthop_on_link(const struct address *to);

#endif
