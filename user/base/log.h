/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_LOG_H
#define XRING_BASE_LOG_H

/*
 * The log: one line of standard error for each message, lower case at the start, no full
 * stop at the end. Under systemd (JOURNAL_STREAM is set) a line carries the priority prefix
 * of sd-daemon(3).
 */
enum log_level {			/* as in syslog(3) */
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
};

void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * The same, of something that people look for: a kind, as "health", and the name of what it is about, as a
 * service's; NULL: of nothing that has a name.
 */
void log_of(enum log_level level, const char *kind, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Also gets every message, while it is set: kind and name are NULL where log_of() did not say them. It may log,
 * and is not called for that. NULL: nobody does.
 */
typedef void (*log_also_fn)(void *context, enum log_level level, const char *kind, const char *name,
			    const char *line);
void log_also(log_also_fn also, void *context);

/* Logs the message followed by strerror(-err), and returns err: `return log_err(-errno, ...)`. */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Like strerror(), and knows ENOTSUPP too, which the kernel returns and libc does not know. */
const char *errno_text(int err);

#endif
