// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/word.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The word at the start of row i. */
static const char *row_word(const void *rows, size_t size, size_t i)
{
	return *(const char *const *)((const char *)rows + i * size);
}

int word_parse(const char *text, const void *rows, size_t size, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(text, row_word(rows, size, i)))
			return (int)i;
	return -EINVAL;
}

const char *words_print(const void *rows, size_t size, size_t count, char buf[WORDS_TEXT])
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && len < WORDS_TEXT; i++)
		len += snprintf(buf + len, WORDS_TEXT - len, "%s%s",
				!i ? "" : i + 1 < count ? ", " : " or ", row_word(rows, size, i));
	return buf;
}
