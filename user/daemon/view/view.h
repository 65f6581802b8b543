/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_VIEW_H
#define XRING_DAEMON_VIEW_VIEW_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What can be seen, as JSON: one function a thing, which takes arguments and knows no
 * request. NULL: no memory, or the kernel's counters cannot be read. The fields are those
 * of xring(8), which prints them.
 */
struct address;
struct change_entry;
struct daemon;
struct engine;
struct live;
struct live_service;
struct model;
struct route;
struct service;
struct xring_flow;

json_t *view_status(const struct daemon *d);
json_t *view_stats(const struct daemon *d);
json_t *view_service_stats(const struct engine *e, const struct service *s);
json_t *view_top(const struct daemon *d);

json_t *view_services(const struct engine *e);
json_t *view_service(const struct engine *e, const struct service *s);
json_t *view_backends(const struct engine *e, const struct service *only);	/* NULL: all */

json_t *view_ring(const struct engine *e, const struct service *s);
/* n owners of the key, the first as the cells say; it has been parsed from the text. */
json_t *view_lookup(const struct live *live, const struct live_service *s, const char *text,
		    const struct xring_flow *key, size_t n);

json_t *view_hot(const struct daemon *d, const char *service);		/* NULL: of all */
json_t *view_shards(const struct engine *e, const struct live_service *s,
		    const struct xring_flow *key);

/* One change; now: of the engine's clock, ns. */
json_t *view_change(struct change_entry *e, uint64_t now);
/* Also who had which share, and what moves from whom to whom. */
json_t *view_change_whole(struct change_entry *e, uint64_t now);
/* What the change to this model would do; text is what the hash is of, beside what runs. */
json_t *view_plan(const struct daemon *d, const struct model *to, const char *text, size_t len);

/* A service's shares by region, of clients of that route; wall: CLOCK_REALTIME, ms. */
json_t *view_placement(const struct engine *e, const struct service *s, const struct route *route,
		       int64_t wall);
json_t *view_forecast(const struct engine *e, const struct service *s, const struct route *route,
		      int64_t wall, unsigned hours);
/* Why that client goes where it goes; key: a key of it, or its address. */
json_t *view_explain(const struct engine *e, const struct service *s,
		     const struct live_service *ls, const struct address *client, const char *key);
json_t *view_homes(const struct engine *e, const char *service);	/* NULL: of all */
json_t *view_audit(struct engine *e);

/* The client that a key begins with, or an address alone. -EINVAL. */
int rule_client_parse(const char *text, struct address *ret);
/* The route of that client, by no interface; of no client: that of everybody else. */
void client_route(const struct engine *e, const struct service *s, const struct address *client,
		  struct route *ret);

/* Which flows are asked for; what is not set asks for all. */
struct flows_query {
	const char *service, *backend;
	uint8_t net[16], mask[16];	/* of the clients, if family is set */
	int family;
	size_t limit;			/* of the list; 0: none */
	/* While the answer is made: */
	const struct daemon *daemon;
	json_t *list;
};
int flows_client_parse(const char *text, struct flows_query *q);	/* -EINVAL */
/*
 * Flows that something is known of, in steps: cursor is that of the last answer, NULL for
 * the first.
 */
json_t *view_flows(const struct daemon *d, struct flows_query *q, const json_t *cursor);

#endif
