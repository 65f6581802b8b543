// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/placement.h"

#include <errno.h>
#include <string.h>

#include "core/value/name.h"

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

int tags_add(char tags[TAGS_BYTES], const char *tag)
{
	size_t len = strlen(tag), all = strlen(tags);
	char *at = tags;

	if (tags_have(tags, tag))
		return -EEXIST;
	if (all + (all > 0) + len >= TAGS_BYTES)
		return -ENAMETOOLONG;
	while (*at) {
		size_t word = strcspn(at, ",");

		if (strncmp(at, tag, word) > 0)
			break;
		at += word + (at[word] == ',');
	}
	if (!*at) {
		if (all)
			*at++ = ',';
		strcpy(at, tag);
		return 0;
	}
	memmove(at + len + 1, at, strlen(at) + 1);
	memcpy(at, tag, len);
	at[len] = ',';
	return 0;
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
