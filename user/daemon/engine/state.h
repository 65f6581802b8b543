/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_STATE_H
#define XRING_DAEMON_ENGINE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model/model.h"

/*
 * What survives the daemon, in its state directory:
 *
 *     running.yaml   the model with all that commands changed
 *     loaded         the configuration file when it was last loaded
 *     changes.json   the changes under way and past ones
 *     hot.json       what is set by hand of hot keys
 *     homes          where clients' networks belong *
 * A file is replaced as a whole (written beside, synced, renamed). Moves are appended to
 * `homes` in between.
 */

/* Makes the directory, and locks other daemons out while *ret_lock is open. Logs errors. */
int state_open(const char *dir, int *ret_lock);
int state_write(const char *dir, const char *name, const char *text, size_t len);
/* *ret is NULL where there is no such file. */
int state_read(const char *dir, const char *name, char **ret, size_t *ret_len);

/*
 * Version 0.3.0 kept in a file what is a map now: takes the file's content over if nobody has
 * written to the map yet, and removes the file. `memory` is of the map.
 */
void state_move_to_map(const char *dir, const char *name, void *memory, size_t size);

int state_write_running(const char *dir, const struct model *m);
int state_read_running(const char *dir, struct model *ret);	/* -ENOENT: there is none */

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
int state_read_loaded(const char *dir, const char *path, struct loaded *ret);
void loaded_clear(struct loaded *loaded);

#endif
