/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_APPLY_H
#define XRING_DAEMON_APPLY_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp;
struct key_record;
struct live;
struct live_report;
struct live_times;
struct loop;
struct model;
struct plan_node;
struct route;
struct service;
struct service_listener;
struct why;

/* How the maps become what the model says: opened, adopted, applied, aged and swept. */

/*
 * since: as many as half of the cells; records: one for each place of a key (daemon/
 * live_keys.h). The hooks are the caller's to set.
 */
int live_open(struct dp *dp, struct loop *loop, uint32_t *since, struct key_record *records,
	      struct live **ret);
void live_close(struct live *live);

/* Takes over what the maps hold for the services of m; before the first live_apply(). */
int live_adopt(struct live *live, const struct model *m, uint64_t now);

/* Is there room for the model? 0, or -ENOSPC and why not. */
int live_check(const struct live *live, const struct model *m, struct why *why);

/*
 * Is no address of a nat backend one that a backend behind another VIP still leaves
 * (daemon/apply/replies.c)? 0, or -EINVAL and whose it is. Where it is done all the
 * same, the one that leaves yields: its flows are cut.
 */
int live_replies_check(const struct live *live, const struct model *m, uint64_t now, struct why *why);
int live_replies_yield(struct live *live, const struct model *m, uint64_t now);

int live_apply(struct live *live, const struct model *m, const struct live_times *times,
	       struct live_report *ret);

/*
 * What is due by time alone: open cells settle. Returns when something is due
 * again (ns, 0: nothing), and whether live_apply() has something to do.
 */
uint64_t live_tick(struct live *live, uint64_t now, bool *ret_apply);

/* Hears of services that end; the listener is the caller's, and outlives live. */
void live_listen(struct live *live, struct service_listener *listener);

/* All flags off and all pins void: the flows' keys are others now. */
void live_close_cells(struct live *live);

/* Is anything in the maps under way? */
bool live_busy(const struct live *live);

/* Ends the drain time of the nodes of that name which leave; false: there are none. */
bool live_cut_leaving(struct live *live, const char *service, const char *name, uint64_t now);

/* Frees what leaves and is named no more; behind every walk. */
int live_sweep(struct live *live, const struct model *m);

/*
 * The backends of a service of some model, as they would count now in the ring of that
 * route: for plans.
 */
int live_weigh(const struct live *live, const struct service *s, const struct route *route,
	       uint64_t now, struct plan_node *ret);
/* The same at another hour: wall is CLOCK_REALTIME, ms. */
int live_weigh_at(const struct live *live, const struct service *s, const struct route *route,
		  uint64_t now, int64_t wall, struct plan_node *ret);

#endif
