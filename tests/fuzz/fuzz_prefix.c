// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text: prefix_list_parse() refuses it with one line, or gives networks, sorted
 * and each once, which are read back as they are printed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/value/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refused(int failed, const struct prefix_error *err)
{
	if (failed == -ENOMEM)
		return;
	if (failed != -EINVAL || !err->line || !err->column || !strstr(err->why.text, ": want "))
		abort();
	for (const char *c = err->why.text; *c; c++)
		if (*c < ' ' || *c > '~')
			abort();
}

static void check_list(const struct prefix_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		char text[PREFIX_TEXT];
		struct prefix again;

		if (i && prefix_compare(&list->prefixes[i - 1], &list->prefixes[i]) >= 0)
			abort();
		prefix_print(&list->prefixes[i], text);
		if (prefix_parse(text, &again, NULL) ||
		    prefix_compare(&again, &list->prefixes[i]))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prefix_error err = { 0 };
	struct prefix_list list;
	int failed = prefix_list_parse((const char *)data, size, &list, &err);

	if (failed) {
		check_refused(failed, &err);
		return 0;
	}
	check_list(&list);
	prefix_list_clear(&list);
	return 0;
}
