/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_ENGINE_H
#define XRING_DAEMON_ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/loop.h"
#include "base/why.h"
#include "core/model/model.h"
#include "daemon/engine/wishes.h"

/*
 * The centre of the daemon: the model that runs, what the maps hold (live), and the way from
 * one to the other. A change is checked as a whole and kept in the state directory before it
 * is answered; the maps follow with the next flush.
 */
struct change_entry;
struct changes;
struct devices;
struct dp;
struct live;
struct loaded;
struct state;
struct walk;

struct engine_options {
	const char *bpffs;
	const char *state;		/* path of the state directory */
	bool cut;			/* accept changes that move every flow */
	bool test_clock;		/* commands may put the time forward */
};

/* Written by the engine, read by view/. */
struct engine_stats {
	uint64_t asked;			/* changes asked for */
	uint64_t gathered;		/* of `asked`: gathered with others into one flush */
	uint64_t flushes;
	uint64_t cells;			/* cells written */
	uint64_t flush_ns;		/* of the last flush, up to its last cell */
	uint64_t flush_ns_max;
	unsigned pending;		/* changes that wait for the next flush */
};

/* A listener is told what the engine does; each function may be NULL. */
struct engine_listener {
	struct engine_listener *next;
	void *context;
	void (*changed)(void *context);	/* another model runs; the maps do not have it yet */
	void (*flushed)(void *context);	/* the maps have been brought to the model */
	void (*attaching)(void *context);	/* it will be attached or detached, or just was attached */
};

struct engine {
	struct engine_options options;
	struct loop *loop;
	struct dp *dp;
	struct live *live;
	struct state *state;		/* the state directory (engine/state.h) */
	struct model model;		/* the model that runs */
	struct loaded *loaded;		/* the configuration source when it was last loaded */
	struct why refused;		/* why what the source says now was not taken; empty: it was */
	bool ran;			/* a model ran before, with this daemon or an earlier one */
	struct loop_timer flush;
	struct loop_timer tick;
	struct devices *devices;	/* of this host; they may come, go and change */
	struct loop_timer interfaces;	/* every second: are the interfaces as they should be? */
	struct wishes wishes;		/* the interfaces of the model, as they are */
	bool macs_due;			/* the datapath does not know all MAC addresses yet */
	bool macs_full;			/* the log says already that it has no room for all */
	struct loop_timer retry;	/* every second: what the state directory lacks */
	struct walk *walk;
	struct changes *changes;	/* changes under way and past ones (engine/log.h) */
	struct engine_listener *listeners;
	struct engine_stats stats;
	bool failed;			/* the last flush failed for some service; it is tried again */
	uint64_t started;		/* CLOCK_MONOTONIC, ns */
};

/* The engine's clock in ns: CLOCK_MONOTONIC, put forward by tests. */
uint64_t engine_now(const struct engine *e);
void engine_clock_advance(struct engine *e, uint64_t ns);

/* Reads the model that ran last from the state directory. Logs errors. */
int engine_open(const struct engine_options *options, struct loop *loop, struct engine **ret);
/*
 * Opens the maps and adopts what they hold. The model is what the source says, with what
 * commands have changed since the source was last loaded. Logs errors.
 */
struct source_text;
int engine_begin(struct engine *e, const struct source_text *source);
/*
 * The first flush; then the new program of the datapath takes over, also where some services
 * failed: they are tried again each second. Logs errors.
 */
int engine_start(struct engine *e);
/* Flushes what is gathered. */
void engine_stop(struct engine *e);
void engine_close(struct engine *e);

/* Must be called before dp_attach() and dp_detach(): tells the listeners. */
void engine_attaching(struct engine *e);

/* Adds a listener, which is the caller's and must live until the engine is closed. */
void engine_listen(struct engine *e, struct engine_listener *listener);

/* What a change may ask for beside the change itself. */
struct change {
	bool now;			/* flush at once */
	bool cut;			/* --cut: flows may be cut */
	bool validated;			/* conf_validate() has accepted the model */
	bool from_file;			/* the operator's file says so: it may name programs of checks */
	bool guarded;			/* what takes much away is refused (core/model/guard.h) */
	unsigned count;			/* counts as so many; 0: the maps stay as they are */
	const char *service, *backend;	/* the backend that it is about; NULL: no single one */
};

/* Brings the maps to the model now. cut: flows that are in the way are cut. */
int engine_flush(struct engine *e, bool cut);
/* The same in the next turn of the loop, together with all that happens in this turn. */
void engine_flush_soon(struct engine *e);
/*
 * The same when flush.interval is over or flush.changes have come; at once for change->now or
 * change->cut.
 */
void engine_gather(struct engine *e, const struct change *change);

/*
 * Must be called after hot keys have got or lost entries: rewrites the VIP table if it must
 * tell so.
 */
void engine_keys_changed(struct engine *e);

/*
 * Makes *next the model that runs, and takes it over. On an error nothing has changed, and
 * `why` has the reason.
 */
int engine_change(struct engine *e, struct model *next, const struct change *change,
		  struct why *why);

/*
 * Can changes be kept now? For a command that has an effect of its own before it changes the
 * model.
 */
int engine_keeps(struct engine *e, struct why *why);

/* Would engine_change() accept the model? Changes nothing. */
int engine_check(struct engine *e, const struct model *next, const struct change *change,
		 struct why *why);

/* Undoes a change that is under way; that is a change itself. */
int engine_cancel(struct engine *e, struct change_entry *entry, const struct change *change,
		  struct why *why);

#endif
