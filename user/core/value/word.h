/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_WORD_H
#define XRING_CORE_VALUE_WORD_H

#include <stddef.h>

/*
 * Tables whose rows begin with a word (a `const char *`): `count` rows of `size` bytes
 * each. A plain array of words is such a table too. Words for kinds, modes and the like are
 * read and printed from these tables, so that each word stands in one place.
 */
#define WORDS_TEXT 128

/* Returns the index of the row with that word, or -EINVAL. */
int word_parse(const char *text, const void *rows, size_t size, size_t count);

/* Prints all words for a message: "nat, l2, ipip or gue". */
const char *words_print(const void *rows, size_t size, size_t count, char buf[WORDS_TEXT]);

#endif
