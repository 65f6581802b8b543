// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about where a service's traffic goes: by region, and by hour. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/table.h"
#include "cli/placement_rules.h"
#include "core/value/number.h"

#define BAR 30			/* characters */

/* The time of --at: as 2026-11-26T15:00Z (UTC), or seconds since 1970. */
static int at_option(const struct args *args, json_t *request)
{
	const char *text = option(args, "at");
	struct tm tm = {};
	char *end;
	double at;

	if (!text)
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%MZ", &tm);
	at = end && !*end ? (double)timegm(&tm) : strtod(text, &end);
	if (end == text || *end || at < 0) {
		json_decref(request);
		return words_wrong("at %s: want a time of UTC as 2026-11-26T15:00Z, or seconds "
				   "since 1970", text);
	}
	json_object_set_new(request, "at", json_real(at));
	return 0;
}

static const char *clock_print(double at, double offset, char buf[32])
{
	time_t t = at + offset;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, 32, "%a %H:%M", &tm);
	return buf;
}

static void print_regions(const json_t *data)
{
	char heads[] = "REGION|CLOCK|TIME ZONE|>WEIGHT|>PREFERRED|>BACKENDS|>SHARE", clock[32];
	const json_t *region;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	json_array_foreach(json_object_get(data, "regions"), i, region) {
		const char *name = text(region, "region");
		long long preference = number(region, "preference");

		table_cell(&t, "%s", *name ? name : "-");
		table_cell(&t, "%s", clock_print(real(data, "at"), number(region, "offset"), clock));
		table_cell(&t, "%s", text(region, "timezone"));
		table_cell(&t, "%g", real(region, "weight"));
		table_cell(&t, preference ? "%lld" : "-", preference);
		table_cell(&t, "%lld", number(region, "backends"));
		table_cell(&t, "%.1f%%", 100 * real(region, "share"));
	}
	table_end(&t);
	print_rules(json_object_get(data, "rules"));
}

int run_placement_show(const struct args *args)
{
	json_t *request = request_new("placement-show");
	int code = at_option(args, request);

	if (code)
		return code;
	request_set(request, "service", args->words[0]);
	request_set(request, "client", option(args, "client"));
	return ask_and_print(args, request, print_regions);
}

/* A line for each hour: its time in UTC, and each region's share with a bar. */
static void print_forecast(const json_t *data)
{
	const json_t *hour, *share;
	const char *name;
	size_t i;

	json_array_foreach(data, i, hour) {
		time_t at = real(hour, "at");
		char when[32];
		struct tm tm;

		gmtime_r(&at, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%MZ", &tm);
		printf("%s", when);
		json_object_foreach((json_t *)json_object_get(hour, "shares"), name, share)
			printf("  %s %5.1f%% %-*.*s", *name ? name : "-",
			       100 * json_real_value(share), BAR,
			       (int)(BAR * json_real_value(share) + 0.5),
			       "##############################");
		putchar('\n');
	}
}

int run_placement_forecast(const struct args *args)
{
	json_t *request = request_new("placement-forecast");
	const char *hours = option(args, "hours");
	int code = at_option(args, request);
	uint32_t n;

	if (code)
		return code;
	if (hours && unsigned_parse(hours, 1, 744, &n)) {
		json_decref(request);
		return words_wrong("hours %s: want 1 to 744", hours);
	}
	if (hours)
		json_object_set_new(request, "hours", json_integer(n));
	request_set(request, "service", args->words[0]);
	request_set(request, "client", option(args, "client"));
	return ask_and_print(args, request, print_forecast);
}
