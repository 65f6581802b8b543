/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_ENGINE_H
#define XRING_DAEMON_ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/loop.h"
#include "core/model/model.h"
#include "daemon/engine/log.h"
#include "daemon/watch/new_flows.h"
#include "daemon/watch/homes.h"
#include "daemon/watch/hot.h"
#include "daemon/watch/loads.h"
#include "daemon/live/live.h"
#include "daemon/apply/pin_walk.h"
#include "dp/dp.h"

/*
 * The daemon's mind: what is to be (the model), what is (live), and the way from
 * one to the other. A change is checked as a whole, kept in the state directory,
 * and only then answered; the maps follow with the next flush.
 */
struct engine_options {
	const char *file;
	const char *bpffs;
	const char *state;		/* directory */
	bool cut;			/* changes that move every flow are wanted */
	bool test_clock;		/* time may be put forward by command */
};

struct engine_stats {
	uint64_t asked;			/* changes */
	uint64_t gathered;		/* of them, those that waited for others */
	uint64_t flushes;
	uint64_t cells;			/* words written */
	uint64_t flush_ns;		/* of the last flush, to its last cell */
	uint64_t flush_ns_max;
	unsigned pending;		/* changes gathered now */
};

struct engine {
	struct engine_options options;
	struct loop *loop;
	struct dp *dp;
	struct live *live;
	struct model model;
	struct loop_timer flush;
	struct loop_timer tick;
	struct loop_timer doors;	/* an interface that comes back has another index */
	struct walk *walk;
	struct changes changes;
	struct flows flows;
	struct hot_watch hot;
	struct loads loads;
	struct home_watch homes;
	struct checker *checker;	/* NULL: not yet */
	uint32_t *since;		/* files of the state directory, mapped */
	struct key_record *records;
	struct engine_stats stats;
	bool warned;			/* that IP forwarding is off */
	char *path;			/* of the file, from the root; NULL: it has none */
	int state_lock;
	uint64_t started;		/* CLOCK_REALTIME, seconds */
};

/* Its clock: CLOCK_MONOTONIC, which tests may put forward. */
uint64_t engine_now(const struct engine *e);
void engine_clock_advance(struct engine *e, uint64_t ns);

/* Logs what is wrong. -EINVAL: the file; other errors: the kernel. */
int engine_open(const struct engine_options *options, struct loop *loop, struct engine **ret);
void engine_close(struct engine *e);

/* What a change may ask for beside the change itself. */
struct change {
	bool now;			/* do not gather */
	bool cut;			/* may move every flow */
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
		  char *why, size_t size);

/* Could it be made the model? As engine_change() asks. */
int engine_check(struct engine *e, const struct model *next, const struct change *change,
		 char *why, size_t size);

/*
 * Makes a file's model the one that runs, interfaces too, whatever commands
 * changed. Where text is what the daemon's own file says, it is loaded with that.
 */
int engine_apply(struct engine *e, const struct model *file, const char *text,
		 const struct change *change, char *why, size_t size);

/* Goes back to before a change that is under way: a change too. */
int engine_cancel(struct engine *e, struct change_entry *entry, const struct change *change,
		  char *why, size_t size);

/* Reads the file again; what changed in it is done. */
int engine_reload(struct engine *e);

/* A command has written the model to the file. */
int engine_saved(struct engine *e, char *why, size_t size);

/*
 * The file as a model, checked as far as can be without the maps: also an l2
 * backend must be on the link, unless it is one of `before`. Logs; -EINVAL, -ENOMEM.
 */
int engine_read_file(const char *path, const struct model *before, struct model *ret,
		     char **ret_text, size_t *ret_len);

#endif
