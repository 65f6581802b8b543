// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/common/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_begin(struct table *t, char *heads)
{
	*t = (struct table){};
	for (char *head; (head = strsep(&heads, "|")) && t->columns < COLUMNS_MAX;)
		t->heads[t->columns++] = head;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char **cells = reallocarray(t->cells, t->cell_count + 1, sizeof(*cells));
	va_list args;

	if (!cells)
		return;
	t->cells = cells;
	va_start(args, fmt);
	if (vasprintf(&cells[t->cell_count], fmt, args) >= 0)
		t->cell_count++;
	va_end(args);
}

static void print_row(const struct table *t, char *const *cells, const size_t *widths)
{
	for (size_t c = 0; c < t->columns; c++) {
		int right = t->heads[c][0] == '>', width = widths[c];

		if (!right && c + 1 == t->columns)
			width = 0;	/* no trailing spaces */
		printf("%s%*s", c ? "  " : "", right ? width : -width, cells[c]);
	}
	putchar('\n');
}

void table_end(struct table *t)
{
	size_t widths[COLUMNS_MAX] = {};
	char *heads[COLUMNS_MAX];

	for (size_t c = 0; c < t->columns; c++) {
		heads[c] = (char *)t->heads[c] + (t->heads[c][0] == '>');
		widths[c] = strlen(heads[c]);
	}
	for (size_t i = 0; i < t->cell_count; i++)
		if (strlen(t->cells[i]) > widths[i % t->columns])
			widths[i % t->columns] = strlen(t->cells[i]);
	print_row(t, heads, widths);
	for (size_t i = 0; i + t->columns <= t->cell_count; i += t->columns)
		print_row(t, t->cells + i, widths);
	for (size_t i = 0; i < t->cell_count; i++)
		free(t->cells[i]);
	free(t->cells);
}
