/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_STATE_H
#define XRING_DAEMON_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/why.h"
#include "core/model/model.h"

/*
 * The state directory: what the next daemon should know and the maps do not hold. A daemon
 * serves without it: what cannot be read counts as missing and is set aside, what cannot be
 * written waits in memory and is tried again. A change that somebody asks for is refused as
 * long as something waits.
 *
 * A file is replaced as a whole (written beside, synced, renamed) and has a seal
 * (base/seal.h); version 0.3.0 wrote its files without one. The text of a file that grows is
 * the sealed text and what has been appended since.
 */
enum state_name {
	STATE_RUNNING,			/* the model with all that commands changed */
	STATE_LOADED,			/* the configuration file when it was last loaded */
	STATE_CHANGES,			/* the changes under way and past ones; it grows */
	STATE_HOT,			/* what is set by hand of hot keys */
	STATE_HOMES,			/* where clients' networks belong; it grows */
	STATE_EVENTS,			/* what happened; it grows */
	STATE_FILES
};

struct state_file {
	char *waiting;			/* what could not be written yet, sealed; NULL: nothing */
	size_t len;
	char aside[32];			/* the name of the damaged file now; empty: none was */
};

struct state {
	const char *dir;
	int lock;			/* the directory, locked; -1: it cannot be opened */
	bool old;			/* version 0.3.0 was the last that wrote there */
	struct state_file file[STATE_FILES];
	struct why why;			/* why something waits; empty: nothing does */
};

/*
 * Locks other daemons out of the directory while it is open; it is made when something is
 * written. -EBUSY: another daemon has it. Logs errors.
 */
int state_open(const char *dir, struct state **ret);
void state_close(struct state *st);

/*
 * *ret is NULL where there is no such file, or none that can be read: that file is set aside.
 * 0 or -ENOMEM.
 */
int state_read(struct state *st, enum state_name name, char **ret, size_t *ret_len);
/* The file makes no sense: renames it to NAME.bad, and logs the reason. */
void state_set_aside(struct state *st, enum state_name name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes a file now, after all that waits, or not at all; *why is then the reason. */
int state_write(struct state *st, enum state_name name, const char *text, size_t len,
		struct why *why);
/* Writes a file now, or as soon as it can be. */
void state_keep(struct state *st, enum state_name name, const char *text, size_t len);
/*
 * Appends to a file that grows, and does not sync it: what matters after a crash of the host is
 * written otherwise. On an error the caller must state_keep() all of it.
 */
int state_append(struct state *st, enum state_name name, const char *text, size_t len);
/* Writes what waits. 0: nothing waits any more. */
int state_retry(struct state *st);

/* ---- models ---- */

/* As state_write() and state_keep(). */
int state_write_running(struct state *st, const struct model *m, struct why *why);
void state_keep_running(struct state *st, const struct model *m);
int state_read_running(struct state *st, struct model *ret);	/* -ENOENT: there is none */

/* What the source of the configuration said when it was last loaded. */
struct loaded {
	char *text;			/* NULL: it was never loaded */
	size_t len;
	struct model model;		/* the model of the text, if `known` */
	bool known;
};

/*
 * path: of the source; files that it names are in the same directory. The model is not
 * validated, and a list of networks that no longer exists is empty.
 */
int state_read_loaded(struct state *st, const char *path, struct loaded *ret);
void loaded_clear(struct loaded *loaded);

/*
 * Version 0.3.0 kept in a file what is a map now: copies the file's content if nobody has
 * written to the map yet. `memory` is of the map.
 */
void state_copy_to_map(const struct state *st, const char *name, void *memory, size_t size);
/* Removes such a file, when nobody goes back to that version by a start that failed. */
void state_forget(const struct state *st, const char *name);

/* ---- for the files of the state directory alone ---- */

const char *state_path(const struct state *st, enum state_name name, char buf[512]);
const char *state_file_name(enum state_name name);
bool state_file_grows(enum state_name name);
/* Renames to NAME.bad, or where this is taken to NAME.bad2 and so on; the last one gives way. */
int state_rename(const struct state *st, const char *name, char ret[32]);

#endif
