/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_SOURCE_FILE_H
#define XRING_DAEMON_SOURCE_FILE_H

#include <stddef.h>

#include "core/model/model.h"

struct change;
struct engine;
struct why;

/* The configuration file as the source of the model. */
struct config_file {
	struct engine *engine;
	const char *name;		/* as it was given */
	char *path;			/* of it, from the root; NULL: it has none */
	struct model model;		/* what it said, until the engine has taken it */
	char *text;
	size_t len;
};

/*
 * Reads a file as a model, checked as far as can be without the maps: also an l2 backend
 * must be on the link, unless it is one of `before`. Logs; -EINVAL, -ENOMEM.
 */
int file_read_model(const char *path, const struct model *before, struct model *ret,
		    char **ret_text, size_t *ret_len);

/* Reads it; the name must outlive it. Logs; -EINVAL: what it says is wrong. */
int file_open(struct engine *e, const char *name, struct config_file *ret);
/* The engine begins with what it says. Logs. */
int file_begin(struct config_file *file);
void file_close(struct config_file *file);

/* Reads it again; what changed in it is done. Logs. */
int file_reload(struct config_file *file);

/*
 * Makes a model the one that runs, interfaces too, whatever commands changed. Where text is
 * what the daemon's own file says, the file is loaded with that.
 */
int file_apply(struct config_file *file, const struct model *m, const char *text,
	       const struct change *change, struct why *why);

/* A command has written the model to the file. */
int file_saved(struct config_file *file, struct why *why);

#endif
