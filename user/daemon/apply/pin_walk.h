/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_PIN_WALK_H
#define XRING_DAEMON_APPLY_PIN_WALK_H

#include <stdint.h>

/*
 * The walk over the pins, again and again while there is anything to find: it
 * takes away those that are over, counts those that hold a flow where it is, and
 * takes LOOK off cells in which none does any more. In steps of some thousand,
 * so that others have their turn.
 */
struct live;
struct live_ring;
struct loop;
struct path;
struct walk;

struct walk_count {
	uint32_t pins;			/* in the table */
	uint32_t syns;
	uint32_t held;			/* pins that differ from the ring */
};

struct walk_hooks {
	void *context;
	uint64_t (*now)(void *context);
	/* A pin that keeps its flow from where the ring would have it. */
	void (*held)(void *context, const struct live_ring *r, const struct path *path);
	void (*begun)(void *context);
	void (*done)(void *context);
};

int walk_open(struct loop *loop, struct live *live, const struct walk_hooks *hooks,
	      struct walk **ret);
void walk_close(struct walk *w);

/* Begins one, if none is under way; it goes on by itself. */
void walk_begin(struct walk *w);

/* One from beginning to end, at once. */
int walk_whole(struct walk *w);

/* As the last whole walk found it. */
struct walk_count walk_counted(const struct walk *w);

#endif
