// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error number that the kernel returns (BPF among others) and libc does not know. */
#define KERNEL_ENOTSUPP 524

#define LINE_BYTES 1024

/* Priorities of syslog(3), which sd-daemon(3) writes as <N>. */
enum priority {
	PRIORITY_ERR = 3,
	PRIORITY_WARNING = 4,
	PRIORITY_INFO = 6,
};

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

/* One call of stdio for each message, so that the lines of two processes do not mix. */
static void say(enum priority priority, int err, const char *fmt, va_list ap)
{
	char line[LINE_BYTES];
	char prefix[8] = "";

	vsnprintf(line, sizeof(line), fmt, ap);
	one_line(line);
	if (getenv("JOURNAL_STREAM"))
		snprintf(prefix, sizeof(prefix), "<%u>", (unsigned)priority & 7);
	if (err)
		fprintf(stderr, "%s%s: %s\n", prefix, line, errno_text(err));
	else
		fprintf(stderr, "%s%s\n", prefix, line);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(PRIORITY_INFO, 0, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(PRIORITY_WARNING, 0, fmt, ap);
	va_end(ap);
}

int log_err(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(PRIORITY_ERR, err, fmt, ap);
	va_end(ap);
	return err;
}
