/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_APPLY_PIN_WALK_H
#define XRING_DAEMON_APPLY_PIN_WALK_H

#include <stdint.h>

/*
 * The walk over the pins, repeated while there is anything to find. A walk deletes pins that
 * are void or whose flow has ended, counts those that hold a flow away from the ring's
 * answer, and clears LOOK on cells in which no pin needs it any more. It goes in steps of
 * some thousand entries, so that other work of the daemon is not delayed.
 */
struct live;
struct live_ring;
struct loop;
struct path;
struct walk;

struct walk_count {
	uint32_t pins;			/* entries in the table of pins */
	uint32_t syns;			/* handshakes in the table of syns */
	uint32_t held;			/* pins that differ from the ring's answer */
};

struct walk_hooks {
	void *context;
	uint64_t (*now)(void *context);
	/* The walk has seen a pin that holds its flow away from the ring's answer. */
	void (*held)(void *context, const struct live_ring *r, const struct path *path);
	void (*begun)(void *context);
	void (*done)(void *context);
};

int walk_open(struct loop *loop, struct live *live, const struct walk_hooks *hooks,
	      struct walk **ret);
void walk_close(struct walk *w);

/* Begins a walk if none is under way; the loop then carries it on. */
void walk_begin(struct walk *w);

/* A complete walk, before the function returns. */
int walk_whole(struct walk *w);

/* The counts of the last whole walk. */
struct walk_count walk_counted(const struct walk *w);

#endif
