/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_H
#define XRING_CONF_H

#include "core/model.h"

/*
 * YAML to model and back (xring.yaml(5)). A file is taken whole or not at all:
 * the first thing wrong is answered as `FILE:LINE:COLUMN: VALUE: want ...`.
 */
#define CONF_BYTES_MAX (16u << 20)

struct conf_error {
	char message[512];		/* one sentence, with its place */
};

/*
 * Where things stand in the file, for checks that only the daemon can do (an l2
 * backend that is not on the link). Opaque; conf_place() fills "FILE:LINE:COLUMN"
 * for a backend's address, or for the service where backend is NULL.
 */
struct conf_places;
void conf_places_free(struct conf_places *places);
const char *conf_place(const struct conf_places *places, const char *service,
		       const char *backend, char *buf, size_t size);

/*
 * text is len bytes (it need not end in NUL); name is what messages call the
 * file. On success *ret is a model to be cleared by the caller, already through
 * model_check(). ret_places may be NULL. -EINVAL with *err filled, or -ENOMEM.
 */
int conf_parse(const char *name, const char *text, size_t len, struct model *ret,
	       struct conf_places **ret_places, struct conf_error *err);

/* Reads a file of at most CONF_BYTES_MAX; *ret_text is freed by the caller. */
int conf_read(const char *path, char **ret_text, size_t *ret_len, struct conf_error *err);

/*
 * The model as YAML that conf_parse() reads back to an equal one; only what
 * differs from the defaults is written. Freed by the caller; NULL: no memory.
 */
char *conf_print(const struct model *m);

#endif
