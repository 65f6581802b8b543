/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_ZONEINFO_H
#define XRING_BASE_ZONEINFO_H

#include <stddef.h>

#define ZONEINFO_DIRECTORY "/usr/share/zoneinfo"

/*
 * The bytes of a zone's file (core/time/tz.h) in the system's time zone database, to be
 * freed by the caller. zone: Europe/Dublin and the like. -ENOENT: there is no such
 * zone, or it is no name of one (it would leave the directory); other errors are
 * those of reading.
 */
int zoneinfo_read(const char *directory, const char *zone, void **ret, size_t *ret_len);

#endif
