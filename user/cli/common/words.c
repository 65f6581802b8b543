// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/common/words.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/field.h"

const char *hot_state_print(const json_t *key, char buf[HOT_STATE_TEXT])
{
	const char *backend = text(key, "backend");

	snprintf(buf, HOT_STATE_TEXT, "%s%s%s%s", text(key, "state"), *backend ? " to " : "",
		 backend, strcmp(text(key, "by"), "hand") ? "" : " by hand");
	return buf;
}

const char *hot_shards_print(const json_t *key, char *buf, size_t size)
{
	if (number(key, "shards"))
		snprintf(buf, size, "%lld/%lld", number(key, "shards"), number(key, "backends"));
	else
		snprintf(buf, size, "-");
	return buf;
}

void change_what_print(const json_t *change, char *buf, size_t size)
{
	const json_t *what;
	size_t i, at = 0;

	buf[0] = 0;
	json_array_foreach(json_object_get(change, "what"), i, what)
		if (at < size)
			at += snprintf(buf + at, size - at, "%s%s", i ? "; " : "",
				       item_text(what));
}
