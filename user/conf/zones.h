/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_ZONES_H
#define XRING_CONF_ZONES_H

struct tz;


#define WANT_TIMEZONE "one of the system's time zones, as Europe/Dublin"

/*
 * A time zone of the system's database; UTC where the name is empty. tz_clear()ed
 * by the caller. -ENOENT and what reading a file answers, -EINVAL, -ENOMEM.
 */
int zone_load(const char *timezone, struct tz *ret);

#endif
