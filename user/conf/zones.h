/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_ZONES_H
#define XRING_CONF_ZONES_H

struct tz;


#define WANT_TIMEZONE "one of the system's time zones, as Europe/Dublin"

/*
 * Loads a time zone of the system's database; UTC if the name is empty. The caller must
 * tz_clear() the zone. Returns -ENOENT and other errors of reading a file, -EINVAL or
 * -ENOMEM.
 */
int zone_load(const char *timezone, struct tz *ret);

/*
 * Is there such a zone? 0 also where the host has no time zones, or `before` (NULL: none) has
 * a region with this one.
 */
struct model;
int zone_check(const char *timezone, const struct model *before);

#endif
