// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/why.h"

#include <stdio.h>

int why_set_va(struct why *why, int err, const char *fmt, va_list args)
{
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	return err;
}

int why_set(struct why *why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	why_set_va(why, err, fmt, args);
	va_end(args);
	return err;
}
