/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_LOG_H
#define XRING_BASE_LOG_H

/*
 * Lines to standard error, one a message: lower case, no full stop. Under
 * systemd (JOURNAL_STREAM set) they carry the priority prefix of sd-daemon(3).
 */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says the message and strerror(-err), and returns err: `return log_err(-errno, ...)`. */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* strerror() that also knows what the kernel returns and libc does not (ENOTSUPP). */
const char *errno_text(int err);

#endif
