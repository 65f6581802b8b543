/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_CONF_H
#define XRING_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The configuration file (xring.yaml(5)): YAML to model, and model to YAML. A file is
 * accepted as a whole or not at all. The first thing that is wrong is reported like
 * `FILE:LINE:COLUMN: VALUE: want ...`.
 */
#define CONF_BYTES_MAX (16u << 20)
#define CONF_END "..."		/* the line that may end a file: YAML's end of a document */

/*
 * Where the parts of a model stand in the file. The daemon keeps the locations for what
 * only the daemon can find wrong, for example an l2 backend that is not on the link.
 * conf_location() fills in "FILE:LINE:COLUMN" of a backend's address, or of the service if
 * backend is NULL.
 */
struct conf_locations;
struct model;
struct model_error;
struct prefix_set;
struct why;
void conf_locations_free(struct conf_locations *places);
const char *conf_location(const struct conf_locations *places, const char *service,
		       const char *backend, char *buf, size_t size);

struct conf_lists {
	struct prefix_set **sets;	/* of files: set->file is the absolute path */
	size_t count;
};
/* Takes the set over, also if there is no memory for it: -ENOMEM. */
int conf_lists_add(struct conf_lists *lists, struct prefix_set *set);
/* Adds the sets of files that a model has. 0 or -ENOMEM. */
int conf_lists_of(const struct model *m, struct conf_lists *lists);
void conf_lists_clear(struct conf_lists *lists);

/*
 * A configuration's text, and what is needed to understand it: lists of networks may be in
 * files of their own, which the text names. The model gets these names as absolute paths,
 * so that its printed text means the same anywhere.
 */
struct conf_source {
	const char *name;		/* the file's name, for messages */
	const char *directory;		/* where relative names start; NULL: where `name` is */
	const char *text;
	size_t len;			/* bytes of text, which need not end in a NUL */
	/*
	 * The sets of networks of all files that the text may name, so that none is opened
	 * whoever wrote the text. NULL: the files are read.
	 */
	const struct conf_lists *lists;
	/*
	 * The text was valid once, and was saved by the daemon. A list of networks that
	 * cannot be read any more becomes an empty set, nothing is validated, and the text may
	 * have any size: the caller must validate the model that comes of it.
	 */
	bool remembered;
	/* The model that runs; NULL: none. What it has of the host was there once (conf_validate()). */
	const struct model *before;
};

/*
 * Parses a configuration. On success *ret is a model that conf_validate() has found valid,
 * and that the caller must clear. ret_places may be NULL. -EINVAL with *err filled, or
 * -ENOMEM.
 */
int conf_parse_source(const struct conf_source *source, struct model *ret,
		      struct conf_locations **ret_places, struct why *err);
int conf_parse(const char *name, const char *text, size_t len, struct model *ret,
	       struct conf_locations **ret_places, struct why *err);

/*
 * Updates the sets of clients of m that come from files to what these files say now: the
 * set that `fresh` has of the same file; else the file is read, and gives an empty set if
 * it cannot be read. -ENOMEM.
 */
int conf_lists_renew(struct model *m, const struct model *fresh);

/*
 * Like model_validate(), and validates all that needs the system's time zones. A zone that
 * `before` (NULL: no model) has as well is right, and any zone is where the host has no time
 * zones at all: it lost them, and UTC counts meanwhile. 0, -EINVAL or -ENOMEM.
 */
int conf_validate(const struct model *m, const struct model *before, struct model_error *ret);

/* Does the text end in a line CONF_END, with nothing but comments behind it? Then it is whole. */
bool conf_ends(const char *text, size_t len);

/* Reads a file of at most CONF_BYTES_MAX; the caller frees *ret_text. */
int conf_read(const char *path, char **ret_text, size_t *ret_len, struct why *err);

/*
 * Prints a model as YAML, which conf_parse() reads back to an equal model. Only values that
 * differ from their defaults are written. The caller frees the text; NULL: no memory.
 */
char *conf_print(const struct model *m);

#endif
