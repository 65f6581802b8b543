// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/word.h"

#include <errno.h>
#include <string.h>

int word_parse(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(text, words[i]))
			return (int)i;
	return -EINVAL;
}
