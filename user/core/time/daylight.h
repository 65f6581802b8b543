/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_TIME_DAYLIGHT_H
#define XRING_CORE_TIME_DAYLIGHT_H

#include <stddef.h>
#include <stdint.h>

struct schedule;

/*
 * The first moment at which all the schedules are at weight 0, INT64_MAX if there is
 * none: in a week of one year, and in the weeks in which one of their clocks changes, since
 * those that fit together all winter may not do so in the days when New York has
 * summer time and Dublin does not. The year is always the same, so that what is right
 * once is so at any later time. In ms, as schedule_weight() has it.
 */
int64_t schedules_dark(const struct schedule *schedules, size_t count);

#endif
