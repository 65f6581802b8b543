// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about a service's rules: their table, explain, audit and homes. */
#include "cli/placement_rules.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/table.h"
#include "proto/proto.h"

/* ---- in words ---- */

/* As "rule 2" or "no rule". */
static void print_rule(const json_t *one)
{
	if (json_is_null(json_object_get(one, "rule")))
		printf("no rule");
	else
		printf("rule %lld", number(one, "rule"));
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void print_names(const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
		printf("%s%s", i ? ", " : "", or_dash(item_text(name)));
	if (!json_array_size(names))
		printf("nowhere");
}

/* As "west 75.0%, east 25.0%": the regions with a share, the greatest first. */
static void print_shares(const json_t *regions)
{
	double last = 2;
	bool any = false;

	for (;;) {
		double next = 0;
		const json_t *region;
		size_t i;

		json_array_foreach(regions, i, region)
			if (real(region, "share") < last && real(region, "share") > next)
				next = real(region, "share");
		if (next <= 0)
			break;
		json_array_foreach(regions, i, region) {
			if (real(region, "share") != next)
				continue;
			printf("%s%s %.1f%%", any ? ", " : "", or_dash(text(region, "region")),
			       100 * next);
			any = true;
		}
		last = next;
	}
	if (!any)
		printf("nowhere: dropped");
}

/* ---- placement show: the rules ---- */

/* The number, or an empty cell. */
static void cell_number(struct table *t, bool shown, long long value)
{
	if (shown)
		table_cell(t, "%lld", value);
	else
		table_cell(t, "%s", "");
}

/* What a rule sent is counted for all its clients together, so it is shown once. */
static void print_region(struct table *t, const json_t *rule, const json_t *region, bool first,
			 bool counts)
{
	table_cell(t, "%s", or_dash(text(region, "region")));
	table_cell(t, "%.1f%%", 100 * real(region, "share"));
	cell_number(t, counts, number(region, "packets"));
	cell_number(t, counts, number(region, "bytes"));
	cell_number(t, counts && first, number(rule, "dropped"));
}

void print_rules(const json_t *rules)
{
	char heads[] = ">RULE|CLIENTS|ENTERS|GOES BY|REGION|>SHARE|>PACKETS|>BYTES|>DROPPED";
	const json_t *rule, *region;
	long long last = -1;
	struct table t;
	size_t i, k;

	if (!json_array_size(rules))
		return;
	putchar('\n');
	table_begin(&t, heads);
	json_array_foreach(rules, i, rule) {
		const char *in = text(rule, "client_region");
		long long index = number(rule, "rule");

		json_array_foreach(json_object_get(rule, "regions"), k, region) {
			cell_number(&t, index && !k, index);
			table_cell(&t, "%s%s%s", k ? "" : text(rule, "clients"),
				   !k && *in ? " in " : "", k ? "" : in);
			table_cell(&t, "%s", k ? "" : or_dash(text(rule, "interface")));
			table_cell(&t, "%s", k ? "" : text(rule, "route"));
			print_region(&t, rule, region, !k, index != last);
		}
		last = index;
	}
	table_end(&t);
}

/* ---- placement explain ---- */

static void print_home(const json_t *data)
{
	const json_t *home = json_object_get(data, "home");

	if (json_is_object(home))
		printf("home       %s belongs to %s\n", text(home, "network"), text(home, "region"));
}

static void print_way(const json_t *way)
{
	const char *interface = text(way, "interface"), *backend = text(way, "backend");

	if (*interface)
		printf("entering   by %s\n", interface);
	printf("route      %s%s\n", text(way, "route"),
	       json_is_true(json_object_get(way, "strict")) ? " (strict: no other backend, whatever happens)" : "");
	printf("regions    ");
	print_shares(json_object_get(way, "regions"));
	putchar('\n');
	if (*backend)
		printf("backend    %s\n", backend);
}

static void print_explain(const json_t *data)
{
	const json_t *way;
	size_t i;

	printf("client     %s of service %s\n", text(data, "client"), text(data, "service"));
	printf("rule       ");
	print_rule(data);
	printf(", for %s", text(data, "clients"));
	if (*text(data, "network"))
		printf(": %s is the longest network that has it", text(data, "network"));
	putchar('\n');
	if (*text(data, "client_region"))
		printf("its region %s\n", text(data, "client_region"));
	print_home(data);
	if (json_is_true(json_object_get(data, "moving")))
		printf("moving     flows older than the last change stay where they are\n");
	json_array_foreach(json_object_get(data, "ways"), i, way)
		print_way(way);
}

int run_placement_explain(const struct args *args)
{
	json_t *request = request_new("placement-explain");

	request_set(request, "service", args->words[0]);
	request_set(request, "client", args->words[1]);
	return ask_and_print(args, request, print_explain);
}

/* ---- placement audit ---- */

static void print_set(const json_t *set)
{
	const char *interface = text(set, "interface");
	const json_t *reach;
	const char *lost;

	printf("%s: ", text(set, "service"));
	print_rule(set);
	if (*interface)
		printf(", entering by %s", interface);
	printf(": %s: reaches ", text(set, "route"));
	print_names(json_object_get(set, "reach"));
	putchar('\n');
	json_object_foreach(json_object_get(set, "without"), lost, reach) {
		printf("    without %s: ", or_dash(lost));
		print_names(reach);
		putchar('\n');
	}
	if (json_array_size(json_object_get(set, "forbidden"))) {
		printf("    LEAKS to ");
		print_names(json_object_get(set, "forbidden"));
		printf(", which its rule forbids\n");
	}
}

static void print_audit(const json_t *data)
{
	const json_t *set;
	size_t i;

	json_array_foreach(json_object_get(data, "sets"), i, set)
		print_set(set);
	printf(json_is_true(json_object_get(data, "ok")) ?
	       "no set reaches what its rule forbids\n" : "some traffic may go where a rule forbids it\n");
}

int run_placement_audit(const struct args *args)
{
	json_t *data = NULL;
	int code = ask(args, request_new("placement-audit"), &data);

	if (code)
		return code;
	if (args->json)
		json_print(data);
	else
		print_audit(data);
	code = json_is_true(json_object_get(data, "ok")) ? 0 : EXIT_NO;
	json_decref(data);
	return code;
}

/* ---- placement homes ---- */

static void print_homes(const json_t *data)
{
	char heads[] = "SERVICE|NETWORK|REGION|FROM|SINCE|WHY";
	const json_t *home;
	struct table t;
	size_t i;

	if (!json_array_size(data)) {
		puts("no network has a home");
		return;
	}
	table_begin(&t, heads);
	json_array_foreach(data, i, home) {
		time_t since = number(home, "since_ms") / 1000;
		char when[32];
		struct tm tm;

		gmtime_r(&since, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		table_cell(&t, "%s", text(home, "service"));
		table_cell(&t, "%s", text(home, "network"));
		table_cell(&t, "%s", text(home, "region"));
		table_cell(&t, "%s", or_dash(text(home, "from")));
		table_cell(&t, "%s", when);
		table_cell(&t, "%s", text(home, "why"));
	}
	table_end(&t);
}

int run_placement_homes(const struct args *args)
{
	json_t *request = request_new("placement-homes");

	if (args->word_count)
		request_set(request, "service", args->words[0]);
	return ask_and_print(args, request, print_homes);
}
