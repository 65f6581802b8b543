/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_WHY_H
#define XRING_BASE_WHY_H

#include <stdarg.h>

/*
 * Why something is refused: one sentence for people, which names the value and what was
 * wanted instead. A sentence begins in lower case and has no full stop.
 */
struct why {
	char text[512];
};

/* Prints the sentence into *why, and returns err. */
int why_set(struct why *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int why_set_va(struct why *why, int err, const char *fmt, va_list args);

#endif
