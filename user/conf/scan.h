/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_SCAN_H
#define XRING_CONF_SCAN_H

#include <stddef.h>

struct why;


/*
 * What must be true of the text before the YAML library sees it: of at most
 * CONF_BYTES_MAX, UTF-8 without control characters (the library takes the first
 * bad byte for the end of the file), no brackets nested beyond reason (it
 * remembers them all). 0, or -EINVAL with *err filled.
 */
int scan_text(const char *name, const char *text, size_t len, struct why *err);

#endif
