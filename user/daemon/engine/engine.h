/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_ENGINE_H
#define XRING_DAEMON_ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/loop.h"
#include "core/model/model.h"

/*
 * The daemon's mind: what shall be (the model), what is (live), and the way from one to the
 * other. A change is checked as a whole, kept in the state directory, and only then
 * answered; the maps follow with the next flush.
 */
struct change_entry;
struct changes;
struct dp;
struct key_record;
struct live;
struct loaded;
struct walk;
struct why;

struct engine_options {
	const char *bpffs;
	const char *state;		/* directory */
	bool cut;			/* changes that move every flow are wanted */
	bool test_clock;		/* time may be put forward by command */
};

/* Written by the engine, read by those who show it. */
struct engine_stats {
	uint64_t asked;			/* changes asked for */
	uint64_t gathered;		/* of them, those that waited for others */
	uint64_t flushes;
	uint64_t cells;			/* words written */
	uint64_t flush_ns;		/* of the last flush, to its last cell */
	uint64_t flush_ns_max;
	unsigned pending;		/* changes gathered now */
};

/* Who hears of what the engine does; NULL: is not told of it. */
struct engine_listener {
	struct engine_listener *next;
	void *context;
	void (*changed)(void *context);	/* the model is another one, the maps not yet */
	void (*flushed)(void *context);	/* the maps have been brought to the model */
};

struct engine {
	struct engine_options options;
	struct loop *loop;
	struct dp *dp;
	struct live *live;
	struct model model;		/* as it runs */
	struct loaded *loaded;		/* the source as it was last loaded */
	bool ran;			/* a model has run before, in this life or another */
	struct loop_timer flush;
	struct loop_timer tick;
	struct loop_timer interfaces;	/* an interface that comes back has another index */
	struct walk *walk;
	struct changes *changes;	/* under way, and past ones */
	struct engine_listener *listeners;
	uint32_t *since;		/* files of the state directory, mapped */
	struct key_record *records;
	struct engine_stats stats;
	bool warned;			/* that IP forwarding is off */
	int state_lock;
	uint64_t started;		/* CLOCK_REALTIME, seconds */
};

/* Its clock: CLOCK_MONOTONIC, which tests may put forward. ns. */
uint64_t engine_now(const struct engine *e);
void engine_clock_advance(struct engine *e, uint64_t ns);

/* Reads the model that ran last. Logs what is wrong. */
int engine_open(const struct engine_options *options, struct loop *loop, struct engine **ret);
/*
 * Opens the maps and adopts what they hold, with what a source says and commands changed
 * since as the model. Logs.
 */
struct source_text;
int engine_begin(struct engine *e, const struct source_text *source);
/* The first flush; then the datapath's program takes over. Logs. */
int engine_start(struct engine *e);
/* What is gathered goes out. */
void engine_stop(struct engine *e);
void engine_close(struct engine *e);

/* The listener is the caller's, and is told until the engine is closed. */
void engine_listen(struct engine *e, struct engine_listener *listener);

/* What a change may ask for beside the change itself. */
struct change {
	bool now;			/* do not gather */
	bool cut;			/* may move every flow */
	bool validated;			/* the model has been through conf_validate() */
	unsigned count;			/* how many changes it is */
	const char *service, *backend;	/* it is about this one; NULL: no one */
};

/* The maps are brought to the model. cut: flows that are in the way are cut. */
int engine_flush(struct engine *e, bool cut);
/* The same in the next turn of the loop, with what else has happened in this one. */
void engine_flush_soon(struct engine *e);
/* The same with what else comes until the interval is over, or enough of it. */
void engine_gather(struct engine *e, const struct change *change);

/* Hot keys have got entries, or lost them. */
void engine_keys_changed(struct engine *e);

/*
 * Makes *next the model (taken over on success). Otherwise why says what is
 * wrong, and nothing has changed.
 */
int engine_change(struct engine *e, struct model *next, const struct change *change,
		  struct why *why);

/* Could it be made the model? As engine_change() asks. */
int engine_check(struct engine *e, const struct model *next, const struct change *change,
		 struct why *why);

/* Goes back to before a change that is under way: a change too. */
int engine_cancel(struct engine *e, struct change_entry *entry, const struct change *change,
		  struct why *why);

#endif
