/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_LOG_H
#define XRING_DAEMON_ENGINE_LOG_H

#include <jansson.h>

#include "core/ring/plan.h"

struct live;
struct live_key;
struct live_move;
struct live_ring;
struct live_service;
struct path;
struct roster;
struct service;
struct state;

/*
 * The changes under way and the last past ones, for people. A change is of one service; what
 * is asked within one flush is one change. The list is kept in the state directory
 * (changes.json, log_file.c). It does not decide whether cells move; it shows that, and it holds what
 * `change cancel` needs.
 */
enum stage {
	STAGE_PREPARE,			/* asked for, not flushed yet */
	STAGE_COPY,			/* until one udp_idle is over */
	STAGE_CATCH_UP,			/* until the settle time is over */
	STAGE_SWITCH,			/* old := newest; lasts a moment */
	STAGE_CLEANUP,			/* until no pin of a moved key is left */
	STAGE_DONE,
};

#define CHANGES_PAST 100		/* past changes that are kept */
#define CHANGES_FOLLOWED 256		/* changes under way; one more ends the list's oldest */
#define CHANGE_WHATS 16			/* texts that are kept of one change */

/* How one request of a change is undone: YAML of what differs, after the request and before. */
struct undo {
	char *from, *to;
};

struct change_entry {
	uint32_t id;
	char service[NAME_BYTES];
	char *what[CHANGE_WHATS];
	unsigned what_count;		/* texts in all, kept or not */
	enum stage stage;
	char end[96];			/* for people: done, cancelled by 9; empty: under way */
	uint64_t asked_ms;		/* CLOCK_REALTIME */
	uint64_t ended_ms;
	uint64_t asked_ns;		/* CLOCK_MONOTONIC; 0: in another life of the host, or unknown */
	uint64_t took_ms;		/* when it is over, whatever happened to the wall clock */
	uint64_t begun;			/* when it was flushed, ns of the engine's clock */
	uint64_t window, settle;	/* ns */
	bool of_key;			/* a hot key moves, no ring */
	uint32_t key_hash;
	bool of_clients;		/* clients move to another ring */
	uint64_t route;			/* route_id() of the ring; 0: the service's only one */
	uint32_t cells;			/* cells written */
	struct roster *before, *after;	/* the ring's backends; NULL: not known */
	bool planned;			/* `plan`, `moved` and `least` are known */
	struct plan plan;		/* the arcs from `before` to `after`; none when the change has ended */
	double moved, least;		/* shares of all keys: move; must move at least */
	struct undo *undo;		/* by request; none: it cannot be undone, or has ended */
	size_t undo_count;
	size_t undo_written;		/* of `undo`: changes.json has so many */
	bool dirty;			/* changes.json has other words of it */
	bool rings_dirty;		/* nor `before`, `after` and the arcs */
	uint32_t pins, pins_now;	/* pins of moved keys: last whole walk; walk under way */
	double old_per_s;		/* rate at which pins of old flows appear */
	uint64_t pins_at;		/* when `pins` was counted, ns */
	uint64_t walk;			/* live->walk_begun at STAGE_SWITCH */
};

struct changes {
	struct state *state;		/* where it is kept; NULL: it is not open */
	struct change_entry **list;	/* sorted by id */
	size_t count;
	uint32_t next_id;
	bool dirty;			/* changes.json does not have the present list */
	uint64_t written;		/* when changes.json was last written, ns */
	size_t whole_bytes;		/* of changes.json when it was last written as a whole */
	size_t more_bytes;		/* appended since */
	uint32_t touched[64];		/* ids of changes asked for since changes_touch_none() */
	unsigned touched_count;
};

void changes_open(struct changes *c, struct state *state, bool adopted);
void changes_close(struct changes *c);
void changes_write(struct changes *c);	/* only if anything has changed */
/* The same, at most once a second. */
void changes_write_soon(struct changes *c, uint64_t now);

json_t *changes_ids(const struct changes *c);	/* the touched ids */
void changes_touch_none(struct changes *c);
/*
 * The service's change that waits for the flush, made if there is none; adds a text that says
 * what was asked. NULL: no memory.
 */
struct change_entry *changes_ask(struct changes *c, const char *service, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for everything that differs between two models of a service; NULL: nothing differs. */
struct change_entry *changes_describe(struct changes *c, const struct service *was,
				 const struct service *now);
/* Keeps how a request can be undone, and takes both texts over. */
void change_undo(struct change_entry *e, char *from, char *to);

/* The flush has changed a ring. */
void changes_begun(struct changes *c, const struct live_move *move, uint64_t now);
/* A hot key's newest side has changed: that is a change of its own. */
void changes_key_begun(struct changes *c, const struct live *live, const struct live_key *key,
		       uint64_t now);
/* Clients have moved to another ring: all of them in one flush are a change of their own. */
void changes_shifted(struct changes *c, const struct live_service *s, uint64_t now,
		     const char *what);
/*
 * The flush is done: ends the changes that moved nothing, unless a new backend of the service
 * waits for its first health check or its way back, or the flush failed for the service and is
 * tried again.
 */
void changes_flushed(struct changes *c, const struct live *live);

/*
 * Brings changes to their next stages, and forgets the oldest past ones. Returns when (ns) time
 * brings the next stage; 0: never.
 */
uint64_t changes_tick(struct changes *c, const struct live *live, uint64_t now);

/* The walk over the pins has begun, has seen a pin that holds its flow, is done. */
void changes_walk_begun(struct changes *c);
void changes_held(struct changes *c, const struct live_ring *r, const struct path *path);
void changes_walk_done(struct changes *c, const struct live *live, uint64_t now);

struct change_entry *changes_find(const struct changes *c, uint32_t id);
void change_end(struct changes *c, struct change_entry *e, const char *why);

/*
 * Computes what the change moves, where an earlier daemon has not left that. Done only where it
 * is asked for, because two rings of a thousand backends take some tens of milliseconds.
 */
void change_plan(struct change_entry *e);
/* All of the plan, for the caller to clear. Fails where a ring is not known. */
int change_plan_new(const struct change_entry *e, struct plan *ret);

/* How long the change has been under way, or was. */
uint64_t change_age_ms(const struct change_entry *e);

void change_free(struct change_entry *e);
void change_undo_clear(struct change_entry *e);
/* Removes past changes beyond CHANGES_PAST, the oldest first. */
void changes_forget_oldest(struct changes *c);
/* A new empty change at the end of the list; NULL: no memory. */
struct change_entry *change_new(struct changes *c, const char *service);

const char *stage_print(enum stage stage);
/* The texts of what was asked, as a JSON list. */
json_t *change_whats_json(const struct change_entry *e);

#endif
