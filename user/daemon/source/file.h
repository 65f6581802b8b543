/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_SOURCE_FILE_H
#define XRING_DAEMON_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model/model.h"

struct change;
struct engine;
struct why;

/* The configuration file as the source of the model. */
struct config_file {
	struct engine *engine;
	const char *name;		/* path as given on the command line */
	char *path;			/* absolute path; NULL: there is none */
	struct model model;		/* of `text`; both until the engine took them */
	char *text;
	size_t len;
};

/*
 * Reads a file as a model, validated as far as possible without the maps; also, each backend must
 * be able to work on this host, unless `before` has it. -EINVAL, -ENOMEM.
 */
int file_read_model(const char *path, const struct model *before, struct model *ret,
		    char **ret_text, size_t *ret_len, struct why *why);

/*
 * Reads the configuration file; the name must live as long as *ret. Logs errors. -EINVAL: the
 * file is wrong.
 */
int file_open(struct engine *e, const char *name, struct config_file *ret);
/* Begins the engine with what the file says. Logs errors. */
int file_begin(struct config_file *file);
void file_close(struct config_file *file);

/* Is it the file of that name in that directory, which is an absolute path? */
bool file_is(const struct config_file *file, const char *directory, const char *name);

/* Does the file have this text now? */
bool file_says(const struct config_file *file, const char *text);

/* Reads the file again, and applies what has changed in it. Logs errors. */
int file_reload(struct config_file *file);

/*
 * Makes m the model that runs, whatever commands changed, and attaches and detaches
 * interfaces. If the daemon's own file has the same text, the text counts as loaded.
 */
int file_apply(struct config_file *file, const struct model *m, const char *text,
	       const struct change *change, struct why *why);

/*
 * A command has written the file: what the file says counts as loaded, if that is the model
 * that runs. -EAGAIN: the model has changed since.
 */
int file_saved(struct config_file *file, struct why *why);

#endif
