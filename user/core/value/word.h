/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_WORD_H
#define XRING_CORE_VALUE_WORD_H

#include <stddef.h>

/*
 * Tables whose rows begin with a word, a `const char *`: of `count` rows of `size` bytes
 * each. A table of words alone is one, too.
 */
#define WORDS_TEXT 128

/* The number of the row of that word, or -EINVAL. */
int word_parse(const char *text, const void *rows, size_t size, size_t count);

/* All of them, for a message: "nat, l2 or ipip". */
const char *words_print(const void *rows, size_t size, size_t count, char buf[WORDS_TEXT]);

#endif
