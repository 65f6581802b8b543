/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_SCAN_H
#define XRING_CONF_SCAN_H

#include <stddef.h>

struct why;


/*
 * Scans the text before the YAML library sees it. The text must be UTF-8 without control characters, because the library takes the first bad
 * byte for the end of the file; and brackets must not be nested too deep, because the
 * library remembers them all. Returns 0, or -EINVAL with *err filled.
 */
int scan_text(const char *name, const char *text, size_t len, struct why *err);

#endif
