// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error number that the kernel returns (BPF among others) and libc does not know. */
#define KERNEL_ENOTSUPP 524

#define LINE_BYTES 1024

static log_also_fn also_fn;
static void *also_context;

void log_also(log_also_fn also, void *context)
{
	also_fn = also;
	also_context = context;
}

const char *errno_text(int err)
{
	if (err < 0)
		err = -err;
	if (err == KERNEL_ENOTSUPP)
		return "Operation not supported by the kernel";
	return strerror(err);
}

/*
 * A value from outside must neither begin a line of its own nor send control codes to a
 * terminal.
 */
static void one_line(char *line)
{
	for (unsigned char *c = (unsigned char *)line; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
}

static void also_say(enum log_level level, const char *kind, const char *name, const char *line)
{
	log_also_fn also = also_fn;

	if (!also)
		return;
	also_fn = NULL;
	also(also_context, level, kind, name, line);
	also_fn = also;
}

static void say(enum log_level level, const char *kind, const char *name, const char *fmt,
		va_list ap)
{
	char line[LINE_BYTES], prefix[8] = "";

	vsnprintf(line, sizeof(line), fmt, ap);
	one_line(line);
	if (getenv("JOURNAL_STREAM"))
		snprintf(prefix, sizeof(prefix), "<%u>", (unsigned)level & 7);
	/* One call of stdio for each message, so that the lines of two processes do not mix. */
	fprintf(stderr, "%s%s\n", prefix, line);
	also_say(level, kind, name, line);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_INFO, NULL, NULL, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_WARNING, NULL, NULL, fmt, ap);
	va_end(ap);
}

void log_of(enum log_level level, const char *kind, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(level, kind, name, fmt, ap);
	va_end(ap);
}

int log_err(int err, const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_of(LOG_LEVEL_ERROR, NULL, NULL, err ? "%s: %s" : "%s", line, errno_text(err));
	return err;
}
