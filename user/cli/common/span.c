// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/common/span.h"

#include <stdio.h>
#include <time.h>

#define TENTHS_BELOW 10		/* seconds */

const char *span_print(double seconds, char buf[SPAN_TEXT])
{
	static const struct { long long seconds; char name; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	long long whole = seconds + 0.5;
	int i = 0;

	if (!(seconds > 0 && seconds < 1e12)) {
		snprintf(buf, SPAN_TEXT, "%s", seconds > 0 ? "forever" : "0s");
		return buf;
	}
	if (seconds < TENTHS_BELOW - 0.05) {
		snprintf(buf, SPAN_TEXT, "%.2gs", seconds);
		return buf;
	}
	while (whole < units[i].seconds)
		i++;
	if (units[i].name != 's' && whole % units[i].seconds / units[i + 1].seconds)
		snprintf(buf, SPAN_TEXT, "%lld%c%lld%c", whole / units[i].seconds, units[i].name,
			 whole % units[i].seconds / units[i + 1].seconds, units[i + 1].name);
	else
		snprintf(buf, SPAN_TEXT, "%lld%c", whole / units[i].seconds, units[i].name);
	return buf;
}

const char *moment_print(double at, const char *format, char buf[MOMENT_TEXT])
{
	double good = at > 0 && at < 1e12 ? at : 0;
	time_t seconds = (time_t)good;
	struct tm t;
	size_t len;

	buf[0] = '\0';
	len = localtime_r(&seconds, &t) ? strftime(buf, MOMENT_TEXT - 8, format, &t) : 0;
	snprintf(buf + len, MOMENT_TEXT - len, ".%03u", (unsigned)((good - seconds) * 1000) % 1000);
	return buf;
}
