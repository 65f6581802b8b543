// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/time/daylight.h"

#include "core/time/schedule.h"
#include "core/time/tz.h"

#define DAY INT64_C(86400)		/* seconds */
#define YEAR_BEGIN INT64_C(1798761600)	/* 2027 begins, on a Friday; seconds since 1970 */
#define YEAR_END (YEAR_BEGIN + 366 * DAY)
#define MS 1000

/*
 * Finds the first dark moment from t to before end. The search jumps from each change to
 * the next of a schedule whose weight is not 0, because nothing is dark before that change.
 */
static int64_t dark_between(const struct schedule *schedules, size_t count, int64_t t,
			    int64_t end)
{
	size_t lit = 0;

	while (t < end) {
		for (lit = 0; lit < count && !schedule_weight(&schedules[lit], t);)
			lit++;
		if (lit == count)
			return t;
		t = schedule_next(&schedules[lit], t);
	}
	return INT64_MAX;
}

int64_t schedules_dark(const struct schedule *schedules, size_t count)
{
	int64_t dark = dark_between(schedules, count, YEAR_BEGIN * MS, (YEAR_BEGIN + 7 * DAY) * MS);

	for (size_t i = 0; i < count; i++) {
		const struct tz *zone = schedules[i].zone;

		for (int64_t at = tz_next(zone, YEAR_BEGIN); at < YEAR_END;
		     at = tz_next(zone, at)) {
			int64_t other = dark_between(schedules, count, (at - DAY) * MS,
						     (at + 8 * DAY) * MS);

			if (other < dark)
				dark = other;
		}
	}
	return dark;
}
