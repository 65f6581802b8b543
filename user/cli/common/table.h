/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_TABLE_H
#define XRING_CLI_COMMON_TABLE_H

#include <stddef.h>

/*
 * A table for people: columns are as wide as their widest cell, with two spaces between them.
 * A column whose head begins with '>' is right-aligned.
 */
#define COLUMNS_MAX 12

struct table {
	const char *heads[COLUMNS_MAX];
	size_t columns;
	char **cells;
	size_t cell_count;
};

/* heads: names separated by '|'. */
void table_begin(struct table *t, char *heads);
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_end(struct table *t);		/* prints and frees */

#endif
