// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands ring show and ring lookup: of a running service, or of a ring given by words,
 * without a daemon.
 */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/table.h"
#include "core/model/text.h"
#include "core/ring/ring.h"
#include "core/value/number.h"
#include "proto/proto.h"

#define REPLICAS 3
#define REPLICAS_MAX 1000
#define POINTS_MAX (16u << 20)

struct local {
	struct ring_node *nodes;
	size_t count;
	struct ring ring;
	uint32_t n;
	bool json;
	json_t *answers;
};

/* Reads "name" or "name=weight"; the weight follows the last '='. */
static int node_parse(char *word, uint32_t vnodes, struct ring_node *ret)
{
	char *equals = strrchr(word, '=');
	uint32_t weight = WEIGHT_ONE;

	if (equals) {
		*equals = 0;
		if (weight_parse(equals + 1, &weight))
			return words_wrong("nodes: %s: weight %s: want %s", word, equals + 1,
					   WANT_WEIGHT);
	}
	if (!*word || strpbrk(word, "\t\n"))
		return words_wrong("nodes: want names without comma, tab and newline, "
				   "not empty");
	*ret = (struct ring_node){ word, strlen(word), weight_points(weight, vnodes) };
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct ring_node *)a)->name, ((const struct ring_node *)b)->name);
}

static int nodes_parse(char *list, uint32_t vnodes, struct local *l)
{
	size_t most = 1, points = 0;

	for (const char *at = list; *at; at++)
		most += *at == ',';
	l->nodes = calloc(most, sizeof(*l->nodes));
	if (!l->nodes)
		return EXIT_NO;
	for (char *word; (word = strsep(&list, ","));) {
		int code = node_parse(word, vnodes, &l->nodes[l->count]);

		if (code)
			return code;
		points += l->nodes[l->count++].points;
	}
	if (points > POINTS_MAX)
		return words_wrong("nodes: %zu ring points: want at most %u: lower the weights "
				   "or --vnodes", points, POINTS_MAX);
	qsort(l->nodes, l->count, sizeof(*l->nodes), by_name);
	for (size_t i = 1; i < l->count; i++)
		if (!strcmp(l->nodes[i - 1].name, l->nodes[i].name))
			return words_wrong("nodes: %s: want each name once", l->nodes[i].name);
	return 0;
}

static int answer_json(struct local *l, const char *key, size_t len, uint32_t position,
		       const uint32_t *found, size_t n)
{
	json_t *names = json_array(), *json;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		err |= json_array_append_new(names, json_string(l->nodes[found[i]].name));
	json = json_pack("{ss%sIso}", "key", key, len, "position", (json_int_t)position, "nodes",
			 names);
	err |= json_array_append_new(l->answers, json);
	return err ? words_wrong("want names and keys in UTF-8 with --json") : 0;
}

static int local_answer(struct local *l, const char *key, size_t len)
{
	uint32_t position = ring_position(key, len), found[REPLICAS_MAX];
	size_t n = ring_replicas(&l->ring, position, l->n, found);

	if (l->json)
		return answer_json(l, key, len, position, found, n);
	fwrite(key, 1, len, stdout);
	printf("\t%u\t", position);
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? "," : "", l->nodes[found[i]].name);
	putchar('\n');
	return 0;
}

static int local_stdin(struct local *l)
{
	_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int code = 0;

	while (!code && (len = getline(&line, &size, stdin)) >= 0)
		code = local_answer(l, line, len && line[len - 1] == '\n' ? len - 1 : len);
	return code;
}

static int lookup_local(const struct args *args, uint32_t n)
{
	_free_ char *list = strdup(option(args, "nodes"));
	const char *vnodes_text = option(args, "vnodes");
	struct local l = { .n = n, .json = args->json, .answers = json_array() };
	uint32_t vnodes = VNODES_DEFAULT;
	int code = 0;

	if (vnodes_text && vnodes_parse(vnodes_text, &vnodes))
		code = words_wrong("vnodes %s: want %s", vnodes_text, WANT_VNODES);
	code = code ?: nodes_parse(list, vnodes, &l);
	if (!code && ring_new(l.nodes, l.count, &l.ring))
		code = EXIT_NO;
	for (size_t i = 0; !code && i < args->word_count; i++) {
		if (!strcmp(args->words[i], "-"))
			code = local_stdin(&l);
		else
			code = local_answer(&l, args->words[i], strlen(args->words[i]));
	}
	if (!code && l.json)
		json_print(l.answers);
	json_decref(l.answers);
	ring_clear(&l.ring);
	free(l.nodes);
	return code;
}

static void print_answers(const json_t *data)
{
	const json_t *answer, *name;
	size_t i, b;

	json_array_foreach(data, i, answer) {
		if (json_object_get(answer, "error")) {
			printf("%s\t-\t%s\n", text(answer, "key"), text(answer, "error"));
			continue;
		}
		printf("%s\t%lld\t", text(answer, "key"),
		       json_integer_value(json_object_get(answer, "position")));
		json_array_foreach(json_object_get(answer, "backends"), b, name)
			printf("%s%s", b ? "," : "", item_text(name));
		if (json_object_get(answer, "shards"))
			printf("\tsplit over %lld shards",
			       json_integer_value(json_object_get(answer, "shards")));
		putchar('\n');
	}
}

static int lookup_running(const struct args *args, uint32_t n)
{
	json_t *request, *keys, *data = NULL, *answer;
	size_t i;
	int code;

	if (args->word_count < 2)
		return words_wrong("ring lookup %s: want a KEY", args->words[0]);
	request = request_new("ring-lookup");
	keys = json_array();
	for (i = 1; i < args->word_count; i++)
		json_array_append_new(keys, json_string(args->words[i]));
	request_set(request, "service", args->words[0]);
	json_object_set_new(request, "n", json_integer(n));
	json_object_set_new(request, "keys", keys);
	code = ask(args, request, &data);
	if (!code && args->json)
		json_print(data);
	else if (!code)
		print_answers(data);
	json_array_foreach(data, i, answer)
		code = json_object_get(answer, "error") ? EXIT_WORDS : code;
	json_decref(data);
	return code;
}

int run_ring_lookup(const struct args *args)
{
	const char *text = option(args, "n");
	uint32_t n = REPLICAS;

	if (text && unsigned_parse(text, 1, REPLICAS_MAX, &n))
		return words_wrong("-n %s: want 1 to %u", text, REPLICAS_MAX);
	if (option(args, "nodes"))
		return lookup_local(args, n);
	if (option(args, "vnodes"))
		return words_wrong("--vnodes: want it with --nodes alone");
	return lookup_running(args, n);
}

static void print_ring(const json_t *data)
{
	char heads[] = "BACKEND|>VNODES|>SHARE|>SEEN|>PACKETS";
	const json_t *backend;
	double most = 0, sum = 0;
	struct table t;
	size_t i, n = 0;

	printf("%s: %lld points in %lld cells\n\n", text(data, "service"), number(data, "points"),
	       number(data, "cells"));
	table_begin(&t, heads);
	json_array_foreach(json_object_get(data, "backends"), i, backend) {
		double share = percent(backend, "share");

		table_cell(&t, "%s", text(backend, "name"));
		table_cell(&t, "%lld", number(backend, "vnodes"));
		table_cell(&t, "%.2f%%", share);
		table_cell(&t, "%.2f%%", percent(backend, "seen"));
		table_cell(&t, "%lld", number(backend, "packets"));
		if (!number(backend, "vnodes"))
			continue;
		share /= number(backend, "vnodes");
		most = share > most ? share : most;
		sum += percent(backend, "share");
		n += number(backend, "vnodes");
	}
	table_end(&t);
	if (n)
		printf("\nlargest share / what its weight asks for: %.3f\n", most / (sum / n));
}

int run_ring_show(const struct args *args)
{
	return show_verb(args, "ring-show", args->words[0], print_ring);
}
