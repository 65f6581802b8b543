/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_LOG_H
#define XRING_BASE_LOG_H

/*
 * The log: one line of standard error for each message, lower case at the start, no full
 * stop at the end. Under systemd (JOURNAL_STREAM is set) a line carries the priority prefix
 * of sd-daemon(3).
 */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Logs the message followed by strerror(-err), and returns err: `return log_err(-errno, ...)`. */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Like strerror(), and knows ENOTSUPP too, which the kernel returns and libc does not know. */
const char *errno_text(int err);

#endif
