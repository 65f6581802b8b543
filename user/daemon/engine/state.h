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
 *     loaded         the configuration file as it was last loaded
 *     changes.json   the changes under way, and those that were
 *     since          when each cell began to move
 *
 * Each is replaced as a whole (written beside, synced, renamed).
 */
/* Makes it, and keeps other daemons out while *ret_lock is open; logs. */
int state_open(const char *dir, int *ret_lock);
int state_write(const char *dir, const char *name, const char *text, size_t len);
/* *ret NULL where there is none yet. */
int state_read(const char *dir, const char *name, char **ret, size_t *ret_len);

/* A file of that size in memory, made if need be; it survives a kill. */
int state_map(const char *dir, const char *name, size_t size, void **ret);

int state_write_running(const char *dir, const struct model *m);
int state_read_running(const char *dir, struct model *ret);	/* -ENOENT: there is none */

/* What the source of the configuration said when it was last loaded. */
struct loaded {
	char *text;			/* NULL: it was never loaded */
	size_t len;
	struct model model;		/* that the text is, if `known` */
	bool known;
};

/*
 * path: of the source, beside which the files are that it names. Not validated: a list of
 * networks that is no longer there is an empty one.
 */
int state_read_loaded(const char *dir, const char *path, struct loaded *ret);
void loaded_clear(struct loaded *loaded);

#endif
