// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command flows. The daemon walks its tables a bounded step for each answer, and returns
 * a cursor with which it must be asked again. What the daemon counts anyway comes with the
 * first answer, and needs no walk.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/span.h"
#include "cli/common/table.h"
#include "core/model/text.h"
#include "core/value/number.h"

#define LIMIT 100u
#define CIDR_TEXT (ADDRESS_TEXT + 4)
#define WANT_CIDR "ADDRESS or ADDRESS/BITS"

struct walk {
	const struct args *args;
	const char *client;		/* NULL: any */
	uint32_t limit;			/* 0: all */
	json_t *counts;
	json_t *flows;
	json_t *cursor;			/* NULL: the walk is over, or has not begun */
};

/* A network as the daemon wants it: an ADDRESS alone has all its bits. */
static int cidr_parse(const char *text, char ret[CIDR_TEXT])
{
	size_t len = strcspn(text, "/");
	char buf[ADDRESS_TEXT];
	struct address a;
	uint32_t bits, max;

	if (len >= sizeof(buf))
		return -1;
	memcpy(buf, text, len);
	buf[len] = 0;
	if (address_parse(buf, &a))
		return -1;
	max = bits = a.family == AF_INET ? 32 : 128;
	if (text[len] && unsigned_parse(text + len + 1, 0, max, &bits))
		return -1;
	snprintf(ret, CIDR_TEXT, "%s/%u", buf, bits);
	return 0;
}

/* ---- the walk ---- */

static json_t *next_request(const struct walk *w)
{
	json_t *request = request_new("flows");

	request_set(request, "service", w->args->word_count ? w->args->words[0] : NULL);
	request_set(request, "client", w->client);
	request_set(request, "backend", option(w->args, "backend"));
	json_object_set_new(request, "limit",
			    json_integer(w->limit ? w->limit - json_array_size(w->flows) : 0));
	if (w->cursor)
		json_object_set(request, "cursor", w->cursor);
	return request;
}

static bool is_full(const struct walk *w)
{
	return w->limit && json_array_size(w->flows) >= w->limit;
}

static void take(struct walk *w, const json_t *data)
{
	json_t *cursor = json_object_get(data, "cursor"), *flow;
	size_t i;

	if (!w->counts)
		w->counts = json_incref(json_object_get(data, "counts"));
	json_array_foreach(json_object_get(data, "flows"), i, flow)
		if (!is_full(w))
			json_array_append(w->flows, flow);
	json_decref(w->cursor);
	w->cursor = json_is_null(cursor) ? NULL : json_incref(cursor);
}

static int walk(struct walk *w)
{
	do {
		json_t *data = NULL;
		int code = ask(w->args, next_request(w), &data);

		if (code)
			return code;
		take(w, data);
		json_decref(data);
	} while (w->cursor && !is_full(w));
	return 0;
}

/* ---- what it shows ---- */

static void count_row(struct table *t, const char *what, const json_t *count)
{
	const char *service = text(count, "service");
	const char *name = *text(count, "key") ? text(count, "key") : text(count, "name");

	table_cell(t, "%s", what);
	table_cell(t, "%s", *service ? service : "-");
	table_cell(t, "%s", *name ? name : "-");
	table_cell(t, "%lld", number(count, "pins"));
}

static void print_counts(const json_t *counts)
{
	char heads[] = "PINS OF|SERVICE|NAME|>PINS";
	const json_t *count;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	count_row(&t, "all", counts);
	json_array_foreach(json_object_get(counts, "backends"), i, count)
		count_row(&t, "backend", count);
	json_array_foreach(json_object_get(counts, "keys"), i, count)
		count_row(&t, "key", count);
	table_end(&t);
	putchar('\n');
}

static void flow_row(struct table *t, const json_t *flow)
{
	static const char *const fields[] = {
		"service", "client", "vip", "protocol", "backend", "kind", "key",
	};
	const json_t *idle = json_object_get(flow, "idle");
	char span[SPAN_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		table_cell(t, "%s", *text(flow, fields[i]) ? text(flow, fields[i]) : "-");
	table_cell(t, "%s", json_is_number(idle) ?
			    span_print(json_number_value(idle), span) : "-");
}

static void print_flows(const json_t *flows)
{
	char heads[] = "SERVICE|CLIENT|VIP|PROTOCOL|BACKEND|KIND|KEY|>IDLE";
	const json_t *flow;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	json_array_foreach(flows, i, flow)
		flow_row(&t, flow);
	table_end(&t);
}

static void show(const struct walk *w)
{
	json_t *all;

	if (w->args->json) {
		all = json_pack("{sO?sO}", "counts", w->counts, "flows", w->flows);
		json_print(all);
		json_decref(all);
		return;
	}
	print_counts(w->counts);
	print_flows(w->flows);
	fflush(stdout);
	if (w->cursor)
		fprintf(stderr, "xring: the first %u flows; --limit 0 shows all\n", w->limit);
}

int run_flows(const struct args *args)
{
	const char *limit = option(args, "limit"), *client = option(args, "client");
	const char *backend = option(args, "backend");
	struct walk w = { .args = args, .limit = LIMIT };
	char cidr[CIDR_TEXT];
	int code;

	if (limit && unsigned_parse(limit, 0, INT32_MAX, &w.limit))
		return words_wrong("limit %s: want a count, 0 for all", limit);
	if (client && cidr_parse(client, cidr))
		return words_wrong("client %s: want %s", client, WANT_CIDR);
	code = backend ? check_name("backend", backend) : 0;
	if (code)
		return code;
	w.client = client ? cidr : NULL;
	w.flows = json_array();
	code = walk(&w);
	if (!code)
		show(&w);
	json_decref(w.counts);
	json_decref(w.flows);
	json_decref(w.cursor);
	return code;
}
