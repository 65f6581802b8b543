/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_LOG_H
#define XRING_DAEMON_ENGINE_LOG_H

#include <jansson.h>

#include "core/ring/plan.h"

/*
 * The changes under way and the last ones that were, each of one service: what
 * was asked within one flush is one change. They are kept in the state directory
 * (changes.json). Whether a cell moves is not decided here: this is what people
 * see of it, and what a change is undone by.
 */
enum stage {
	STAGE_PREPARE,			/* asked, not flushed yet */
	STAGE_COPY,			/* until one udp_idle is over */
	STAGE_CATCH_UP,			/* until the settle time is over */
	STAGE_SWITCH,			/* old := newest: passed in a moment */
	STAGE_CLEANUP,			/* pinned flows end */
	STAGE_DONE,
};

#define CHANGES_PAST 100		/* kept of those that are over */
#define CHANGE_WHATS 16			/* reasons kept of one */

/* A ring's backends, with names of their own. */
struct live;
struct live_key;
struct live_move;
struct live_ring;
struct live_service;
struct path;
struct service;
struct roster {
	struct plan_node *nodes;
	size_t count;
};

struct change_entry {
	uint32_t id;
	char service[NAME_BYTES];
	char *what[CHANGE_WHATS];
	unsigned what_count;		/* asked in all */
	enum stage stage;
	char end[96];			/* done, nothing moved, cancelled by 9; empty: under way */
	uint64_t asked_ms;		/* CLOCK_REALTIME */
	uint64_t ended_ms;
	uint64_t begun;			/* ns of the engine's clock */
	uint64_t window, settle;	/* ns */
	bool of_key;			/* of one key's, not of the ring's */
	uint32_t key_hash;
	bool of_clients;		/* some have got another ring */
	uint64_t route;			/* whose ring it is of (route_id); 0: the only one's */
	uint32_t cells;
	struct roster before, after;
	bool planned;			/* what follows is known */
	struct plan plan;		/* of those two, while it is under way */
	double moved, least;
	char *undo_from, *undo_to;	/* YAML of this service alone; NULL: not to be undone */
	uint32_t pins, pins_now;
	double old_per_s;
	uint64_t pins_at;		/* when they were counted */
	uint64_t walk;			/* walks begun when it was switched */
};

struct changes {
	const char *dir;		/* of the state */
	struct change_entry **list;	/* by id */
	size_t count;
	uint32_t next_id;
	bool dirty;
	uint64_t written;		/* ns */
	uint32_t touched[64];		/* ids since changes_touch_none() */
	unsigned touched_count;
};

void changes_open(struct changes *c, const char *dir, bool adopted);
void changes_close(struct changes *c);
void changes_write(struct changes *c);	/* if anything is new */
void changes_write_soon(struct changes *c, uint64_t now);	/* once a second at the most */

json_t *changes_ids(const struct changes *c);	/* those touched */
void changes_touch_none(struct changes *c);
/* The change of that service that waits for the flush, made if there is none. */
struct change_entry *changes_ask(struct changes *c, const char *service, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for all that differs in a service's backends; NULL where nothing does. */
struct change_entry *changes_describe(struct changes *c, const struct service *was,
				 const struct service *now);
/* How it is undone: models of that service alone, before and after. Taken over. */
void change_undo(struct change_entry *e, char *from, char *to);

/* The flush has changed this ring. */
void changes_begun(struct changes *c, const struct live_move *move, uint64_t now);
/* A hot key's newest side has changed: a change of its own. */
void changes_key_begun(struct changes *c, const struct live *live, const struct live_key *key,
		       uint64_t now);
/* Clients have got another ring: a change of their own, with all that do so in one flush. */
void changes_shifted(struct changes *c, const struct live_service *s, uint64_t now,
		     const char *what);
/*
 * The flush is over: what was asked and moved nothing has ended, unless a new
 * backend waits for its first check.
 */
void changes_flushed(struct changes *c, const struct live *live);

/* Goes from stage to stage. Returns when (ns) the next one comes by time; 0: none. */
uint64_t changes_tick(struct changes *c, const struct live *live, uint64_t now);

void changes_walk_begun(struct changes *c);
void changes_held(struct changes *c, const struct live_ring *r, const struct path *path);
void changes_walk_done(struct changes *c, const struct live *live, uint64_t now);

struct change_entry *changes_find(const struct changes *c, uint32_t id);
void change_end(struct changes *c, struct change_entry *e, const char *why);

/*
 * What it moves, when that is asked for: two rings of a thousand backends are some
 * tens of milliseconds.
 */
void change_plan(struct change_entry *e);

void change_free(struct change_entry *e);
/* An empty one, the last in the list; NULL: no memory. */
struct change_entry *change_new(struct changes *c, const char *service);

const char *stage_print(enum stage stage);
/* What was asked, as a list of texts. */
json_t *change_whats_json(const struct change_entry *e);

#endif
