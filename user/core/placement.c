// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/placement.h"

#include <string.h>

bool tags_have(const char *tags, const char *tag)
{
	size_t len = strlen(tag);

	while (*tags) {
		size_t word = strcspn(tags, ",");

		if (word == len && !strncmp(tags, tag, len))
			return true;
		tags += word + (tags[word] == ',');
	}
	return false;
}

bool constraints_allow(const struct constraint *list, size_t count, const char *region,
		       const char *tags)
{
	for (size_t i = 0; i < count; i++) {
		bool has = list[i].tag ? tags_have(tags, list[i].value) :
					 !strcmp(region, list[i].value);

		if (has != list[i].required)
			return false;
	}
	return true;
}
