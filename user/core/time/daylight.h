/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_TIME_DAYLIGHT_H
#define XRING_CORE_TIME_DAYLIGHT_H

#include <stddef.h>
#include <stdint.h>

struct schedule;

/*
 * Finds the first moment at which all the schedules have weight 0 at once; INT64_MAX: there
 * is none. The search covers a week of one fixed year, and the weeks of that year in which
 * one of the schedules' clocks changes: schedules that fit together all winter may leave a
 * gap in the days when New York has summer time and Dublin does not. The year is always the
 * same, so that a model which is valid once stays valid at any later time. The result is in
 * milliseconds, like the times of schedule_weight().
 */
int64_t schedules_dark(const struct schedule *schedules, size_t count);

#endif
