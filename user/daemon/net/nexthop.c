// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of next hops: resolved by rtnl.c, resolved again after events, and kept alive. */
#include "daemon/net/nexthop.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/array.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "core/value/address.h"
#include "daemon/net/rtnl.h"
#include "daemon/net/stack_ask.h"

#define SETTLE_MS 20		/* events of one change come in a burst */
#define KEEPALIVE_MS 2000
#define KEEPALIVE_LOOKS 2048	/* most neighbours that are looked at in one turn: some 10 ms */
#define KEEPALIVE_ASKS 256	/* most of them that are woken */
#define AGAIN_MS 1000
#define AGAIN_ASKS 256		/* most next hops that are asked for again in one turn */
#define NUD_USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

struct nexthop_table {
	struct loop *loop;
	struct mnl_socket *events;
	struct mnl_socket *requests;
	struct loop_source source;
	struct loop_timer settle;
	struct loop_timer keepalive;
	struct loop_timer again;
	void (*changed)(void *context);
	void *context;
	struct nexthop **list;		/* sorted by `to` */
	size_t count;
	size_t gateways;		/* next hops that have one */
	uint32_t link_ifindex;		/* whose link `link` is; 0: nobody's */
	struct rtnl_link link;
	struct stack_asker asker;	/* what is below the devices of routes */
	size_t cursor;			/* the next hop that the keepalive looks at next */
	size_t again_cursor;		/* the same for what is asked for again */
	bool failing;			/* the kernel could not be asked; logged once */
	bool full;			/* the kernel's neighbour table was full; logged once */
};

/* ---- resolving ---- */

static const struct address *neighbour_of(const struct nexthop *nh)
{
	return nh->gateway.family ? &nh->gateway : &nh->to;
}

/*
 * Is the error an answer about the way? All others are this host's own (no memory, no buffers, an
 * answer that was lost) and say nothing of it.
 */
static bool is_answer(int err)
{
	static const int answers[] = {
		-ENETUNREACH, -EHOSTUNREACH, -ENETDOWN, -EACCES, -EINVAL, -ENODEV, -ESRCH, -ENOENT,
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (err == answers[i])
			return true;
	return false;
}

/* Each sets nh->why to what is missing. 0, or the error of a question that failed. */
static int resolve_route(struct mnl_socket *nl, struct nexthop *nh, uint32_t *ret_mtu)
{
	struct rtnl_route route;
	int err = rtnl_route_get(nl, &nh->to, &route);

	if (err && !is_answer(err))
		return err;
	if (err)
		nh->why = "no route to it";
	else if (route.type == RTN_LOCAL)
		nh->why = "an address of this host itself";
	else if (route.type != RTN_UNICAST)
		nh->why = "its route is no unicast route";
	if (nh->why)
		return 0;
	nh->route_ifindex = route.ifindex;
	nh->gateway = route.gateway;
	nh->hop.source = route.source;
	*ret_mtu = route.mtu;
	return 0;
}

/*
 * Most next hops are on one link, which is asked for once. It is asked for again after any event
 * that may be about it: an event comes after what it tells of.
 */
static int link_get(struct nexthop_table *table, uint32_t ifindex, struct rtnl_link *ret)
{
	int err;

	if (table->link_ifindex == ifindex) {
		*ret = table->link;
		return 0;
	}
	err = rtnl_link_get(table->requests, ifindex, ret);
	table->link_ifindex = err ? 0 : ifindex;
	table->link = *ret;
	return err;
}

static int resolve_link(struct nexthop_table *table, struct nexthop *nh, uint32_t mtu)
{
	struct rtnl_link link;
	int err = link_get(table, nh->route_ifindex, &link);

	if (err && !is_answer(err))
		return err;
	if (err || !(link.flags & IFF_UP))
		nh->why = "its interface is down";
	else if (link.type != ARPHRD_ETHER)
		nh->why = "its interface is not Ethernet";
	if (nh->why)
		return 0;
	memcpy(nh->hop.own_mac, link.mac, sizeof(nh->hop.own_mac));
	if (!mtu || mtu > link.mtu)
		mtu = link.mtu;
	nh->hop.mtu = mtu > UINT16_MAX ? UINT16_MAX : mtu;
	return 0;
}

static int resolve_neighbour(struct mnl_socket *nl, struct nexthop *nh)
{
	struct rtnl_neighbour neighbour;
	int err = rtnl_neighbour_get(nl, nh->route_ifindex, neighbour_of(nh), &neighbour);

	if (err && !is_answer(err))
		return err;
	if (err)
		neighbour.state = NUD_NONE;
	if (!(neighbour.state & NUD_USABLE)) {
		nh->pending = neighbour.state != NUD_FAILED;
		nh->why = "its neighbour does not answer";
		return 0;
	}
	memcpy(nh->hop.mac, neighbour.mac, sizeof(nh->hop.mac));
	return 0;
}

/*
 * Which device sends to the neighbour. While the neighbour is being asked, that is known too, but for the
 * port of a bridge.
 */
static int resolve_stack(struct nexthop_table *table, struct nexthop *nh)
{
	const struct stack_questions questions = stack_questions(&table->asker);
	struct stack_bottom bottom = {};
	const char *why;
	int err = stack_walk(&questions, nh->route_ifindex, nh->why ? NULL : nh->hop.mac, &bottom, &why);

	if (err && !is_answer(err))
		return err;
	if (err)
		why = "a device below its interface is gone";
	nh->why = why ?: nh->why;
	nh->pending &= !why;
	nh->stacked = why || bottom.stacked;
	nh->sender = why ? 0 : bottom.ifindex;
	if (nh->why)
		return 0;
	nh->hop.ifindex = bottom.ifindex;
	nh->hop.tags = bottom.tags;
	if (nh->hop.mtu > bottom.mtu)
		nh->hop.mtu = bottom.mtu;
	return 0;
}

/* What the kernel says of the way to nh->to now. 0, or the error of a question that failed. */
static int resolve(struct nexthop_table *table, struct nexthop *nh)
{
	uint32_t mtu = 0;
	int err = resolve_route(table->requests, nh, &mtu);

	if (!err && !nh->why)
		err = resolve_link(table, nh, mtu);
	if (!err && !nh->why)
		err = resolve_neighbour(table->requests, nh) ?: resolve_stack(table, nh);
	if (nh->why)
		nh->hop = (struct next_hop){};
	return err;
}

static bool hop_equal(const struct next_hop *a, const struct next_hop *b)
{
	return a->ifindex == b->ifindex && a->tags == b->tags && a->mtu == b->mtu &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac)) &&
	       !memcmp(a->own_mac, b->own_mac, sizeof(a->own_mac)) &&
	       address_equal(&a->source, &b->source);
}

/*
 * Resolves the next hop again. True: it has changed. If the kernel cannot be asked, the next hop
 * stays as it was, and is asked for again (look_again()).
 */
static bool refresh(struct nexthop_table *table, struct nexthop *nh)
{
	struct nexthop now = { .to = nh->to, .users = nh->users };
	int err = resolve(table, &now);
	bool changed;

	if (err && !table->failing)
		log_warn("routes and neighbours cannot be asked for (%s): next hops stay as they "
			 "are", errno_text(err));
	table->failing = err;
	if (err) {
		nh->dirty = true;
		return false;
	}
	changed = nh->unknown || !hop_equal(&now.hop, &nh->hop) ||
		  !address_equal(&now.gateway, &nh->gateway);
	table->gateways += !!now.gateway.family;
	table->gateways -= !!nh->gateway.family;
	now.changed = nh->changed;
	if (!now.sender && now.pending && now.route_ifindex == nh->route_ifindex)
		now.sender = nh->sender;	/* of a bridge's ports, the one before */
	*nh = now;
	return changed;
}

static void wake(struct nexthop_table *table, const struct nexthop *nh)
{
	int err = rtnl_neighbour_use(table->requests, nh->route_ifindex, neighbour_of(nh));
	bool full = err == -ENOBUFS;

	if (full && !table->full)
		log_warn("the kernel's neighbour table is full: "
			 "want a larger net.ipv4.neigh.default.gc_thresh3 (or ipv6)");
	table->full = full;
}

static void look(struct nexthop_table *table, struct nexthop *nh)
{
	bool was_pending = nh->pending;

	nh->dirty = false;
	nh->changed |= refresh(table, nh);
	if (nh->pending && !was_pending)
		wake(table, nh);
}

/* Tells of all next hops that have changed, at once: whoever is told looks at all backends. */
static void tell(struct nexthop_table *table)
{
	bool any = false;

	for (size_t i = 0; i < table->count; i++)
		any |= table->list[i]->changed;
	if (any)
		table->changed(table->context);
	for (size_t i = 0; i < table->count; i++)
		table->list[i]->changed = false;
}

static void look_at_dirty(void *context)
{
	struct nexthop_table *table = context;

	for (size_t i = 0; i < table->count; i++)
		if (table->list[i]->dirty)
			look(table, table->list[i]);
	tell(table);
}

/*
 * Looks again at what could not be asked for, and at what is not resolved: an event that would
 * say that it is may have been lost. And at what leaves by a device below others, as not all of what decides
 * about that makes an event. If they are many, some in each turn.
 */
static void look_again(void *context)
{
	struct nexthop_table *table = context;
	unsigned looked = 0;

	stack_forget(&table->asker);
	for (size_t i = 0; i < table->count && looked < AGAIN_ASKS; i++) {
		struct nexthop *nh = table->list[table->again_cursor++ % table->count];

		if (!nh->dirty && !nh->why && !nh->stacked)
			continue;
		look(table, nh);
		looked++;
	}
	tell(table);
}

/* Is the neighbour proven to be reachable, or is the kernel asking it now? */
static bool proven(struct nexthop_table *table, const struct nexthop *nh)
{
	struct rtnl_neighbour neighbour;

	return !rtnl_neighbour_get(table->requests, nh->route_ifindex, neighbour_of(nh),
				   &neighbour) &&
	       neighbour.state & (NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT |
				  NUD_NOARP | NUD_INCOMPLETE);
}

/* Has the kernel ask the neighbours that are not proven; if they are many, some in each turn. */
static void keep_alive(void *context)
{
	struct nexthop_table *table = context;
	unsigned woken = 0;

	for (size_t i = 0; i < table->count && i < KEEPALIVE_LOOKS && woken < KEEPALIVE_ASKS; i++) {
		const struct nexthop *nh = table->list[table->cursor++ % table->count];

		if (!nh->route_ifindex || proven(table, nh))
			continue;
		wake(table, nh);
		woken++;
	}
}

/* ---- following ---- */

static void all_dirty(struct nexthop_table *table)
{
	table->link_ifindex = 0;
	stack_forget(&table->asker);
	for (size_t i = 0; i < table->count; i++)
		table->list[i]->dirty = true;
}

static int order(const struct address *a, const struct address *b)
{
	return a->family != b->family ? (a->family < b->family ? -1 : 1) :
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* The position of the next hop to that address, or the position at which to insert it. */
static size_t place_of(const struct nexthop_table *table, const struct address *to,
		       bool *ret_found)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&table->list[middle]->to, to) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < table->count && !order(&table->list[low]->to, to);
	return low;
}

static void neighbour_dirty(struct nexthop_table *table, const struct nlmsghdr *nlh)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct address address = {};
	const struct nlattr *attr;
	bool found;
	size_t at;

	mnl_attr_for_each(attr, nlh, sizeof(*ndm))
		if (mnl_attr_get_type(attr) == NDA_DST &&
		    mnl_attr_get_payload_len(attr) <= sizeof(address.bytes))
			memcpy(address.bytes, mnl_attr_get_payload(attr),
			       mnl_attr_get_payload_len(attr));
	address.family = ndm->ndm_family;
	at = place_of(table, &address, &found);
	if (found && table->list[at]->route_ifindex == (uint32_t)ndm->ndm_ifindex)
		table->list[at]->dirty = true;
	for (size_t i = 0; table->gateways && i < table->count; i++) {
		struct nexthop *nh = table->list[i];

		if (nh->route_ifindex == (uint32_t)ndm->ndm_ifindex &&
		    address_equal(neighbour_of(nh), &address))
			nh->dirty = true;
	}
}

/* A MAC address has come to a port of a bridge, or left it. */
static void port_dirty(struct nexthop_table *table, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;
	uint8_t mac[6] = {};

	mnl_attr_for_each(attr, nlh, sizeof(struct ndmsg))
		if (mnl_attr_get_type(attr) == NDA_LLADDR &&
		    mnl_attr_get_payload_len(attr) == sizeof(mac))
			memcpy(mac, mnl_attr_get_payload(attr), sizeof(mac));
	for (size_t i = 0; i < table->count; i++) {
		struct nexthop *nh = table->list[i];

		nh->dirty |= nh->stacked && (nh->why || !memcmp(nh->hop.mac, mac, sizeof(mac)));
	}
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	struct nexthop_table *table = data;
	bool neighbour = nlh->nlmsg_type == RTM_NEWNEIGH || nlh->nlmsg_type == RTM_DELNEIGH;

	if (neighbour && ((const struct ndmsg *)mnl_nlmsg_get_payload(nlh))->ndm_family == AF_BRIDGE)
		port_dirty(table, nlh);
	else if (neighbour)
		neighbour_dirty(table, nlh);
	else
		all_dirty(table);
	if (!table->settle.set)
		loop_timer_set(&table->settle, SETTLE_MS);
	return MNL_CB_OK;
}

static void events_ready(void *context, uint32_t events)
{
	struct nexthop_table *table = context;
	char buf[16384];
	ssize_t len;

	(void)events;
	while ((len = mnl_socket_recvfrom(table->events, buf, sizeof(buf))) > 0)
		mnl_cb_run(buf, len, 0, 0, on_event, table);
	if (len < 0 && errno != EAGAIN) {	/* events were lost */
		all_dirty(table);
		loop_timer_set(&table->settle, SETTLE_MS);
	}
}

static int events_open(struct nexthop_table *table)
{
	static const unsigned groups[] = {
		RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
		RTNLGRP_NEXTHOP,
	};

	table->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	table->requests = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!table->events || !table->requests ||
	    mnl_socket_bind(table->events, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_bind(table->requests, 0, MNL_SOCKET_AUTOPID))
		return log_err(-errno, "rtnetlink");
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(table->events, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)))
			return log_err(-errno, "rtnetlink group %d", group);
	}
	table->asker.nl = table->requests;
	table->source = (struct loop_source){
		mnl_socket_get_fd(table->events), events_ready, table,
	};
	return loop_add(table->loop, &table->source, EPOLLIN);
}

int nexthop_open(struct loop *loop, void (*changed)(void *context), void *context,
		 struct nexthop_table **ret)
{
	struct nexthop_table *table = calloc(1, sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	table->loop = loop;
	table->changed = changed;
	table->context = context;
	table->settle.source.fd = table->keepalive.source.fd = table->again.source.fd = -1;
	err = events_open(table) ?:
	      loop_timer_new(loop, &table->settle, look_at_dirty, table) ?:
	      loop_timer_new(loop, &table->keepalive, keep_alive, table) ?:
	      loop_timer_new(loop, &table->again, look_again, table);
	if (err) {
		nexthop_close(table);
		return err;
	}
	loop_timer_every(&table->keepalive, KEEPALIVE_MS);
	loop_timer_every(&table->again, AGAIN_MS);
	*ret = table;
	return 0;
}

void nexthop_close(struct nexthop_table *table)
{
	if (table->settle.source.fd >= 0)
		loop_timer_close(table->loop, &table->settle);
	if (table->keepalive.source.fd >= 0)
		loop_timer_close(table->loop, &table->keepalive);
	if (table->again.source.fd >= 0)
		loop_timer_close(table->loop, &table->again);
	if (table->events) {
		if (table->source.fd)
			loop_remove(table->loop, &table->source);
		mnl_socket_close(table->events);
	}
	if (table->requests)
		mnl_socket_close(table->requests);
	for (size_t i = 0; i < table->count; i++)
		free(table->list[i]);
	free(table->list);
	free(table);
}

const struct nexthop *nexthop_get(struct nexthop_table *table, const struct address *to)
{
	struct nexthop **list, *nh;
	bool found;
	size_t at = place_of(table, to, &found);

	if (found) {
		table->list[at]->users++;
		return table->list[at];
	}
	list = array_grow(table->list, table->count, sizeof(*list));
	if (!list)
		return NULL;
	table->list = list;
	nh = calloc(1, sizeof(*nh));
	if (!nh)
		return NULL;
	nh->to = *to;
	nh->users = 1;
	nh->unknown = true;
	nh->why = "the kernel could not be asked for the way to it";
	memmove(list + at + 1, list + at, (table->count++ - at) * sizeof(*list));
	list[at] = nh;
	refresh(table, nh);
	if (nh->pending)
		wake(table, nh);
	return nh;
}

void nexthop_put(struct nexthop_table *table, const struct nexthop *nh)
{
	bool found;
	size_t at = place_of(table, &nh->to, &found);

	if (!found || --table->list[at]->users)
		return;
	table->gateways -= !!nh->gateway.family;
	free(table->list[at]);
	memmove(table->list + at, table->list + at + 1,
		(--table->count - at) * sizeof(*table->list));
}

void nexthop_settle(struct nexthop_table *table, unsigned ms)
{
	const unsigned step_ms = 5;

	for (unsigned waited = 0; waited < ms; waited += step_ms) {
		bool pending = false;

		for (size_t i = 0; i < table->count; i++) {
			table->list[i]->dirty |= table->list[i]->pending;
			pending |= table->list[i]->pending;
		}
		if (!pending)
			return;
		usleep(step_ms * 1000);
		look_at_dirty(table);
		if (table->count > 1000)	/* a round of so many takes time itself */
			waited += 10 * step_ms;
	}
}

void nexthop_ask(struct nexthop_table *table, uint32_t ifindex, const struct address *neighbour)
{
	rtnl_neighbour_use(table->requests, ifindex, neighbour);
}

bool nexthop_keep(struct nexthop_table *table, uint32_t ifindex, const struct address *neighbour)
{
	struct rtnl_neighbour is;
	int err = rtnl_neighbour_get(table->requests, ifindex, neighbour, &is);

	if (err)
		return !is_answer(err);
	if (is.state & NUD_STALE)
		nexthop_ask(table, ifindex, neighbour);
	return is.state & (NUD_USABLE | NUD_INCOMPLETE);
}

int nexthop_on_link(const struct address *to)
{
	struct rtnl_route route;
	struct mnl_socket *nl;
	int err = rtnl_open(&nl);

	if (err)
		return err;
	err = rtnl_route_get(nl, to, &route);
	mnl_socket_close(nl);
	if (err)
		return is_answer(err) ? -ENOENT : err;
	if (route.type != RTN_UNICAST)
		return -ENOENT;
	return !route.gateway.family;
}
