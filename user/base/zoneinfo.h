/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_ZONEINFO_H
#define XRING_BASE_ZONEINFO_H

#include <stddef.h>

#define ZONEINFO_DIRECTORY "/usr/share/zoneinfo"

/*
 * Reads the file of a time zone (format: core/time/tz.h) from the system's time zone
 * database. The caller frees *ret. zone: a name like Europe/Dublin. -ENOENT: there is no
 * such zone, or the text is no name of a zone (for example "..", which would leave the
 * directory). Other errors are those of reading.
 */
int zoneinfo_read(const char *directory, const char *zone, void **ret, size_t *ret_len);

#endif
