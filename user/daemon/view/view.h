/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_VIEW_H
#define XRING_DAEMON_VIEW_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What can be seen, as JSON: one function for each thing, which takes arguments and knows no
 * request. NULL: no memory, or the kernel's counters cannot be read. xring(8) documents the
 * fields.
 */
struct address;
struct change_entry;
struct daemon;
struct engine;
struct events;
struct live;
struct live_service;
struct model;
struct route;
struct service;
struct xring_flow;

json_t *view_status(const struct daemon *d);
/* What is wrong, what helps, and by which facts that was judged. It asks the kernel, which takes some ms. */
json_t *view_doctor(const struct daemon *d);

/* What happened: events behind number `after`, or the last ones; service and kind NULL: of any. */
struct events_query {
	uint64_t after;
	unsigned last;			/* so many; 0: `after` counts */
	const char *service, *kind;
};
/* Some hundred at most: "after" is where the next answer goes on, "more" whether there is one now. */
json_t *view_events(const struct events *events, const struct events_query *q);

/* What was dropped, and samples of it; service and reason NULL: any. */
struct drops_query {
	const char *service, *reason;
	uint64_t after;			/* samples from that number on, and these alone; 0: any, */
	size_t samples;			/* so many at most */
};
bool view_is_counter(const char *name);
json_t *view_drops(const struct daemon *d, const struct drops_query *q);

/*
 * What the datapath would do with a frame that comes in at a device: its steps, the verdict, and the frame as it
 * would leave. -ENODEV: there is no such device; -EINVAL: the kernel does not take such a frame there.
 */
int view_tell(const struct daemon *d, const uint8_t *frame, size_t len, uint32_t ifindex, json_t **ret);

json_t *view_ring(const struct engine *e, const struct service *s);
/*
 * The first n owners of a key: the first is the answer of the cells. `text` is the key as
 * given, `key` the same parsed.
 */
json_t *view_lookup(const struct live *live, const struct live_service *s, const char *text,
		    const struct xring_flow *key, size_t n);

json_t *view_hot(const struct daemon *d, const char *service);		/* NULL: all services */
json_t *view_shards(const struct engine *e, const struct live_service *s,
		    const struct xring_flow *key);

/* One change; now: ns of the engine's clock. */
json_t *view_change(struct change_entry *e, uint64_t now);
/* The same, with the shares before and after, and what moves from which backend to which. */
json_t *view_change_whole(struct change_entry *e, uint64_t now);
/*
 * What a change to model `to` would do; cut: with --cut. Its hash is that of `text` and of the
 * model that runs.
 */
json_t *view_plan(const struct daemon *d, const struct model *to, const char *text, size_t len,
		  bool cut);

/* A service's shares by region for clients of that route; wall: CLOCK_REALTIME, ms. */
json_t *view_placement(const struct engine *e, const struct service *s, const struct route *route,
		       int64_t wall);
json_t *view_forecast(const struct engine *e, const struct service *s, const struct route *route,
		      int64_t wall, unsigned hours);
/* Why a client goes where it goes; key: a key of that client, or its address. */
json_t *view_explain(const struct engine *e, const struct service *s,
		     const struct live_service *ls, const struct address *client, const char *key);
json_t *view_homes(const struct engine *e, const char *service);	/* NULL: all services */
json_t *view_audit(struct engine *e);

/* The client's address with which a key begins, or which is the text alone. 0 or -EINVAL. */
int rule_client_parse(const char *text, struct address *ret);
/*
 * The route of a client that enters at no configured interface; client NULL: of the clients
 * that no rule names.
 */
void client_route(const struct engine *e, const struct service *s, const struct address *client,
		  struct route *ret);

/* Which flows are asked for; a member that is not set excludes nothing. */
struct flows_query {
	const char *service, *backend;
	uint8_t net[16], mask[16];	/* network of the clients, if family is set */
	int family;
	size_t limit;			/* greatest length of the list; 0: no limit */
	/* Set by view_flows() while it makes the answer: */
	const struct daemon *daemon;
	json_t *list;
};
int flows_client_parse(const char *text, struct flows_query *q);	/* -EINVAL */
/*
 * The flows that something is known of, in steps: each answer has the cursor for the next;
 * NULL: from the beginning.
 */
json_t *view_flows(const struct daemon *d, struct flows_query *q, const json_t *cursor);

#endif
