/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_APPLY_H
#define XRING_DAEMON_APPLY_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp;
struct backend_listener;
struct live;
struct live_report;
struct live_times;
struct loop;
struct model;
struct plan_node;
struct route;
struct service;
struct service_listener;
struct backend;
struct way_back;
struct ways_back;
struct why;

/* How the maps become what the model says: opening, adopting, applying, settling, sweeping. */

/* The caller sets live->events. */
int live_open(struct dp *dp, struct loop *loop, struct live **ret);
void live_close(struct live *live);

/* Takes over what the maps hold for the services of m. Call before the first live_apply(). */
int live_adopt(struct live *live, const struct model *m, uint64_t now);

/* Is there room in the maps for the model? 0, or -ENOSPC and the reason. */
int live_check(struct live *live, const struct model *m, struct why *why);

/* The same for maps that are new, as the model's limits want them. */
int live_check_alone(const struct model *m, struct why *why);

/*
 * A nat backend that the model puts where a backend of another VIP leaves, waits for that one's way
 * back (daemon/live/ways_back.h). live_replies_check(): would a service that has backends now
 * be without any while they wait? Then -EINVAL and the reason. live_replies_cut() cuts the flows of
 * those that leave already and are in the way of a service (NULL: of any) in the model.
 */
int live_replies_check(const struct live *live, const struct model *m, uint64_t now,
		       struct why *why);
int live_replies_cut(struct live *live, const struct model *m, const char *service, uint64_t now);
/*
 * A start is not refused: where a service has lost backends meanwhile and those that it has got would
 * all wait, this cuts the flows that they would wait for.
 */
int live_replies_yield(struct live *live, const struct model *m, uint64_t now);
/*
 * Tells of each backend of the model that waits for a way back, and was not in the model before
 * (NULL: there was none) or was elsewhere.
 */
typedef void (*waits_fn)(void *context, const struct service *s, const struct backend *b,
			 const struct way_back *way);
void live_replies_wait(const struct ways_back *ways, const struct model *before,
		       const struct model *m, waits_fn tell, void *context);

/*
 * Brings the maps to the model, each service on its own. One that fails is named in the log,
 * keeps its slots of the VIP table, and has `failed` set; the others do not wait for it. The
 * first error is the answer; *ret is filled in any case.
 */
int live_apply(struct live *live, const struct model *m, const struct live_times *times,
	       struct live_report *ret);

/*
 * Does what is due by time alone, for example settles cells. Returns when something is due
 * again (ns, 0: nothing). *ret_apply: live_apply() has something to do.
 */
uint64_t live_tick(struct live *live, uint64_t now, bool *ret_apply);

/* Tells the listener of services that end. The listener is the caller's, and must outlive live. */
void live_listen(struct live *live, struct service_listener *listener);
void live_listen_backends(struct live *live, struct backend_listener *listener);

/* Ends all moves and makes all pins void, because the hashes of all flows have changed. */
void live_close_cells(struct live *live);

/* Does anything in the maps move, leave, or need a walk over the pins? */
bool live_busy(const struct live *live);

/* Ends the drain time of leaving backends of that name now; false: there are none. */
bool live_cut_leaving(struct live *live, const char *service, const char *name, uint64_t now);

/* Frees leaving backends that no cell, key or pin names any more. Call after every walk. */
int live_sweep(struct live *live, const struct model *m);

/*
 * For plans: the effective weights that the backends of s, a service of any model, would have
 * now in the ring of that route, if those of live->ways had their ways back. ret has room for all
 * backends of s.
 */
int live_weigh(const struct live *live, const struct service *s, const struct route *route,
	       uint64_t now, struct plan_node *ret);
/* The same at another hour: wall is CLOCK_REALTIME, ms. */
int live_weigh_at(const struct live *live, const struct service *s, const struct route *route,
		  uint64_t now, int64_t wall, struct plan_node *ret);

#endif
