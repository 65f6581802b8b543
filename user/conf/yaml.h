/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_YAML_H
#define XRING_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct why;


/*
 * YAML as a stream of nodes with their locations, one at a time. A mapping is YAML_MAPPING,
 * then its keys and values in turn, then YAML_CLOSE; a list is the same with YAML_SEQUENCE.
 * No nodes are kept, so that what nobody wants is refused as soon as it is met, however
 * deep it is. Every scalar is text: the schema decides what 0011 or null means. Anchors,
 * aliases, tags and second documents are refused.
 */
struct location {
	int line, column;		/* counted from 1; 0: no location */
};

enum yaml_kind {
	YAML_END,
	YAML_SCALAR,
	YAML_MAPPING,
	YAML_SEQUENCE,
	YAML_CLOSE,
};

/*
 * Bytes of a scalar that are kept. No valid value is longer; a longer one is cut, which
 * does not make it valid.
 */
#define YAML_TEXT 512

struct yaml {
	const char *name;		/* the file's name, for messages */
	struct why *err;
	struct fy_diag *diag;
	struct fy_parser *parser;
	bool started;			/* the one document has begun */

	/* The current node, set by yaml_next(). */
	enum yaml_kind kind;
	struct location at;
	char text[YAML_TEXT];		/* the text of a scalar */
	bool null;			/* an unquoted scalar that is empty, null or ~ */
};

/* Returns 0, or -EINVAL or -ENOMEM with *err filled; yaml_close() must be called in any case. */
int yaml_open(const char *name, const char *text, size_t len, struct why *err,
	      struct yaml *ret);
void yaml_close(struct yaml *y);
int yaml_next(struct yaml *y);

/*
 * Refuses the current node with `WHAT VALUE: want WANT`, where VALUE is the scalar, or
 * tells a mapping, a list or nothing. Returns -EINVAL.
 */
int yaml_refuse(const struct yaml *y, const char *what, const char *want);

/* Fills the error with `FILE:LINE:COLUMN: message`; returns -EINVAL. */
int location_fail(struct why *err, const char *name, struct location at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Prints FILE:LINE:COLUMN. */
const char *location_print(const char *name, struct location at, char *buf, size_t size);

/* Fills the error; returns -ENOMEM. */
int conf_no_memory(struct why *err, const char *name);

#endif
