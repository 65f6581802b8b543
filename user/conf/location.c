// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/why.h"
#include "conf/yaml.h"

/*
 * A path may be longer than a message; a long one is shown by its end, which is what tells
 * files apart.
 */
#define NAME_SHOWN 160

const char *location_print(const char *name, struct location at, char *buf, size_t size)
{
	size_t len = strlen(name);
	const char *cut = "";

	if (len > NAME_SHOWN) {
		name += len - NAME_SHOWN;
		cut = "...";
	}
	if (at.line)
		snprintf(buf, size, "%s%s:%d:%d", cut, name, at.line, at.column);
	else
		snprintf(buf, size, "%s%s", cut, name);
	return buf;
}

int location_fail(struct why *err, const char *name, struct location at, const char *fmt, ...)
{
	char *message = err->text;
	size_t size = sizeof(err->text), len;
	va_list ap;

	location_print(name, at, message, size);
	len = strlen(message);
	len += (size_t)snprintf(message + len, size - len, ": ");
	va_start(ap, fmt);
	vsnprintf(message + len, size - len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int conf_no_memory(struct why *err, const char *name)
{
	location_fail(err, name, (struct location){ 0 }, "out of memory");
	return -ENOMEM;
}
