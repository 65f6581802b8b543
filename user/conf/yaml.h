/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_YAML_H
#define XRING_CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct why;


/*
 * YAML as a stream of nodes with their places, one at a time: a mapping is
 * YAML_MAPPING, its keys and values in turn, and YAML_CLOSE. Nothing is kept, so
 * that what nobody wants is refused as soon as it is met, however deep it is.
 * Every scalar is text: 0011 and null mean what the schema says. Anchors, aliases,
 * tags and second documents are refused.
 */
struct location {
	int line, column;		/* from 1; 0: none */
};

enum yaml_kind {
	YAML_END,
	YAML_SCALAR,
	YAML_MAPPING,
	YAML_SEQUENCE,
	YAML_CLOSE,
};

/* No value is longer: one that is longer is cut, and still no value. */
#define YAML_TEXT 512

struct yaml {
	const char *name;		/* of the file, for messages */
	struct why *err;
	struct fy_diag *diag;
	struct fy_parser *parser;
	bool started;			/* the one document has been seen */

	/* The node that yaml_next() found. */
	enum yaml_kind kind;
	struct location at;
	char text[YAML_TEXT];		/* of a scalar */
	bool null;			/* a scalar that is empty, null or ~ */
};

/* -EINVAL and -ENOMEM with *err filled; yaml_close() in any case. */
int yaml_open(const char *name, const char *text, size_t len, struct why *err,
	      struct yaml *ret);
void yaml_close(struct yaml *y);
int yaml_next(struct yaml *y);

/*
 * What is wrong with the node at hand: `WHAT VALUE: want WANT`, where VALUE is the
 * scalar, or says that it is a mapping, a list or nothing. -EINVAL.
 */
int yaml_refuse(const struct yaml *y, const char *what, const char *want);

/* `FILE:LINE:COLUMN: message`; -EINVAL. */
int location_fail(struct why *err, const char *name, struct location at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* FILE:LINE:COLUMN */
const char *location_print(const char *name, struct location at, char *buf, size_t size);

/* Fills err; -ENOMEM. */
int conf_no_memory(struct why *err, const char *name);

#endif
