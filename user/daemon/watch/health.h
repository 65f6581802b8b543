/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HEALTH_H
#define XRING_DAEMON_WATCH_HEALTH_H


/*
 * The health checks of all backends, and what becomes of their results: a backend
 * that goes down is cut at once, one that comes up is a change like any other.
 */
struct checker;
struct engine;

struct health_watch {
	struct engine *engine;
	struct checker *checker;	/* NULL: nothing is checked yet */
};

/* Hears of backends, before the first flush. */
void health_open(struct engine *e, struct health_watch *ret);
/* From now on they are checked. Logs. */
int health_start(struct health_watch *w);
void health_close(struct health_watch *w);

#endif
