// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands about hot keys. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/span.h"
#include "cli/common/table.h"
#include "cli/common/words.h"
#include "core/model/text.h"
#include "core/value/number.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* As "3m20s ago". */
static void since_cell(struct table *t, const json_t *since)
{
	char span[SPAN_TEXT];

	if (json_is_number(since))
		table_cell(t, "%s ago", span_print(now() - json_number_value(since), span));
	else
		table_cell(t, "-");
}

static void count_cell(struct table *t, const json_t *count)
{
	if (json_is_integer(count))
		table_cell(t, "%lld", (long long)json_integer_value(count));
	else
		table_cell(t, "-");
}

static void key_row(struct table *t, const json_t *key)
{
	char state[HOT_STATE_TEXT], shards[48];

	table_cell(t, "%s", text(key, "service"));
	table_cell(t, "%s", text(key, "key"));
	table_cell(t, "%s", hot_state_print(key, state));
	table_cell(t, "%.0f", real(key, "rate_pps"));
	table_cell(t, "%.1f%%", percent(key, "share"));
	table_cell(t, "%.1f", real(key, "times_average"));
	table_cell(t, "%s", hot_shards_print(key, shards, sizeof(shards)));
	count_cell(t, json_object_get(key, "flows"));
	since_cell(t, json_object_get(key, "since"));
}

static void print_keys(const json_t *data)
{
	char heads[] = "SERVICE|KEY|STATE|>PKT/S|>SHARE|>X AVERAGE|>SHARDS/BACKENDS|>FLOWS|>SINCE";
	const json_t *key;
	struct table t;
	size_t i;

	if (!json_array_size(data)) {
		puts("no key is hot");
		return;
	}
	table_begin(&t, heads);
	json_array_foreach(data, i, key)
		key_row(&t, key);
	table_end(&t);
}

int run_hot(const struct args *args)
{
	json_t *request = request_new("hot");

	request_set(request, "service", args->word_count ? args->words[0] : NULL);
	return ask_and_print(args, request, print_keys);
}

/* A request about the words SERVICE KEY. */
static json_t *about(const struct args *args, const char *verb)
{
	json_t *request = request_new(verb);

	request_set(request, "service", args->words[0]);
	request_set(request, "key", args->words[1]);
	return request;
}

int run_hot_split(const struct args *args)
{
	const char *text = option(args, "shards");
	uint32_t shards;
	json_t *request;
	int code = check_name("service", args->words[0]);

	if (!code && text && unsigned_parse(text, 1, HOT_SHARDS_MAX, &shards))
		code = words_wrong("shards %s: want 1 to %u", text, HOT_SHARDS_MAX);
	if (code)
		return code;
	request = about(args, "hot-split");
	if (text)
		json_object_set_new(request, "shards", json_integer(shards));
	return ask_and_print(args, request, NULL);
}

int run_hot_pin(const struct args *args)
{
	json_t *request;
	int code = check_name("service", args->words[0]) ?: check_name("backend", args->words[2]);

	if (code)
		return code;
	request = about(args, "hot-pin");
	request_set(request, "backend", args->words[2]);
	return ask_and_print(args, request, NULL);
}

static int plain_change(const struct args *args, const char *verb)
{
	return check_name("service", args->words[0]) ?:
	       ask_and_print(args, about(args, verb), NULL);
}

int run_hot_exempt(const struct args *args)
{
	return plain_change(args, "hot-exempt");
}

int run_hot_clear(const struct args *args)
{
	return plain_change(args, "hot-clear");
}

static void print_shards(const json_t *data)
{
	const json_t *shard;
	size_t i;

	json_array_foreach(data, i, shard) {
		const char *backend = text(shard, "backend");

		printf("%lld\t%lld\t%s\n", number(shard, "shard"), number(shard, "position"),
		       *backend ? backend : "-");
	}
}

int run_hot_shards(const struct args *args)
{
	return ask_and_print(args, about(args, "hot-shards"), print_shards);
}
