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

#endif
