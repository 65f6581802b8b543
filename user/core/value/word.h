/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_WORD_H
#define XRING_CORE_VALUE_WORD_H

#include <stddef.h>

/* The index of a text among some words, or -EINVAL. */
int word_parse(const char *text, const char *const *words, size_t count);

#endif
