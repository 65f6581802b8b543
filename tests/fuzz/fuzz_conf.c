// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text: conf_parse() refuses it with one line, or makes a model of it that
 * conf_print() writes and conf_parse() reads back to an equal one.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "conf/conf.h"
#include "conf/draft.h"
#include "core/model/merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct model *m)
{
	char *text = conf_print(m);

	if (!text)
		abort();
	return text;
}

static void check_refused(int failed, const struct why *err)
{
	/* What is wrong in a list of networks stands in a file of its own. */
	bool of_list = err->text[0] == '/';

	if (failed == -ENOMEM)
		return;
	if (failed != -EINVAL || (!of_list && strncmp(err->text, "fuzz", 4)) ||
	    !strstr(err->text, ": want ") || strpbrk(err->text, "\n\r\t"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_locations *places = NULL;
	struct why err = { "" };
	struct model m, again;
	char *text, *text_again;
	int failed = conf_parse("fuzz", (const char *)data, size, &m, &places, &err);

	if (failed) {
		check_refused(failed, &err);
		return 0;
	}
	text = print(&m);
	if (conf_parse("again", text, strlen(text), &again, NULL, &err))
		abort();
	text_again = print(&again);
	if (!model_equal(&m, &again) || strcmp(text, text_again))
		abort();
	free(text);
	free(text_again);
	model_clear(&m);
	model_clear(&again);
	conf_locations_free(places);
	return 0;
}
