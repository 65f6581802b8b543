/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_CONF_H
#define XRING_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

/*
 * YAML to model and back (xring.yaml(5)). A file is taken whole or not at all:
 * the first thing wrong is answered as `FILE:LINE:COLUMN: VALUE: want ...`.
 */
#define CONF_BYTES_MAX (16u << 20)

/*
 * Where things stand in the file, for checks that only the daemon can do (an l2
 * backend that is not on the link). Opaque; conf_location() fills "FILE:LINE:COLUMN"
 * for a backend's address, or for the service where backend is NULL.
 */
struct conf_locations;
struct model;
struct model_error;
struct why;
void conf_locations_free(struct conf_locations *places);
const char *conf_location(const struct conf_locations *places, const char *service,
		       const char *backend, char *buf, size_t size);

/*
 * A text, and what it takes to understand it: lists of networks are files of their
 * own, which it names. The model has their names as absolute paths, so that what is
 * printed of it means the same anywhere.
 */
struct conf_source {
	const char *name;		/* what messages call the file */
	const char *directory;		/* of those that it names; NULL: the one that `name` is in */
	const char *text;
	size_t len;			/* it need not end in NUL */
	/*
	 * It was right once, and is remembered: a list that can no longer be read is an
	 * empty set, and nothing is checked. Whoever uses it checks what becomes of it.
	 */
	bool remembered;
};

/*
 * On success *ret is a model to be cleared by the caller, already through
 * conf_validate(). ret_places may be NULL. -EINVAL with *err filled, or -ENOMEM.
 */
int conf_parse_source(const struct conf_source *source, struct model *ret,
		      struct conf_locations **ret_places, struct why *err);
int conf_parse(const char *name, const char *text, size_t len, struct model *ret,
	       struct conf_locations **ret_places, struct why *err);

/*
 * Gives the lists of networks in m that are files what those say now: what `fresh` has of
 * the same file, else the file is read, and is an empty list if it cannot be. -ENOMEM.
 */
int conf_lists_renew(struct model *m, const struct model *fresh);

/* model_validate(), and what the system's time zones are needed for. 0, -EINVAL, -ENOMEM. */
int conf_validate(const struct model *m, struct model_error *ret);

/* Reads a file of at most CONF_BYTES_MAX; *ret_text is freed by the caller. */
int conf_read(const char *path, char **ret_text, size_t *ret_len, struct why *err);

/*
 * The model as YAML that conf_parse() reads back to an equal one; only what
 * differs from the defaults is written. Freed by the caller; NULL: no memory.
 */
char *conf_print(const struct model *m);

#endif
