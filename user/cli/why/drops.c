// SPDX-License-Identifier: GPL-2.0-or-later
/* The command drops: what was dropped, of whom and why, the last packet of each, and samples as a file. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/lost.h"
#include "cli/common/pcapng.h"
#include "cli/common/span.h"
#include "cli/common/table.h"
#include "cli/why/why.h"
#include "core/value/number.h"
#include "proto/proto.h"

#define SAMPLES_MOST 1024u
#define FRAME_MOST 256
#define FOLLOW_NS 200000000

/* ---- the table ---- */

static void row_print(struct table *t, const json_t *row)
{
	const json_t *last = json_object_get(row, "last");
	double ago = clock_wall_ms() / 1000.0 - real(last, "time");
	char span[SPAN_TEXT];

	table_cell(t, "%s", text(row, "reason"));
	table_cell(t, "%s", *text(row, "service") ? text(row, "service") : "-");
	table_cell(t, "%s", *text(row, "backend") ? text(row, "backend") : "-");
	table_cell(t, "%lld", number(row, "packets"));
	table_cell(t, "%s", json_is_object(last) ? span_print(ago > 0 ? ago : 0, span) : "-");
	table_cell(t, "%s", *text(last, "from") ? text(last, "from") : "-");
	table_cell(t, "%s", *text(last, "to") ? text(last, "to") : "-");
	table_cell(t, "%s", text(row, "help"));
}

static void rows_print(const json_t *list)
{
	char heads[] = "REASON|SERVICE|BACKEND|>PACKETS|>LAST|FROM|TO|WHY";
	const json_t *row;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	json_array_foreach(list, i, row)
		row_print(&t, row);
	table_end(&t);
}

static void table_print(const json_t *data)
{
	const json_t *list = json_object_get(data, "drops"), *sent = json_object_get(data, "sent");

	if (json_array_size(list))
		rows_print(list);
	else
		puts("nothing was dropped");
	if (number(data, "more"))
		printf("and %lld more: want a service, or --reason\n", number(data, "more"));
	if (number(sent, "packets"))
		putchar('\n');
	lost_print(sent);
}

/* ---- samples ---- */

static void sample_print(const json_t *sample)
{
	char when[MOMENT_TEXT];

	printf("%s  %s  %s%s%s  %s > %s  %s, %lld bytes, in by %s\n",
	       moment_print(real(sample, "time"), "%T", when), text(sample, "reason"),
	       text(sample, "service"),
	       *text(sample, "backend") ? "/" : "", text(sample, "backend"), text(sample, "from"),
	       text(sample, "to"), text(sample, "protocol"), number(sample, "bytes"),
	       text(sample, "interface"));
}

static size_t frame_read(const char *hex, uint8_t ret[FRAME_MOST])
{
	size_t n = 0;
	unsigned byte;

	while (n < FRAME_MOST && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		ret[n++] = byte;
	return n;
}

static bool sample_write(struct pcapng *p, const json_t *sample)
{
	uint8_t frame[FRAME_MOST];
	char comment[256];
	struct pcapng_packet packet = {
		.interface = text(sample, "interface"),
		.queue = number(sample, "queue"),
		.at_ns = real(sample, "time") * 1e9,
		.number = number(sample, "number"),
		.bytes = frame,
		.bytes_len = frame_read(text(sample, "frame"), frame),
		.len = number(sample, "bytes"),
		.verdict = XDP_DROP,
		.comment = comment,
	};

	snprintf(comment, sizeof(comment), "%s%s%s%s%s", text(sample, "reason"),
		 *text(sample, "service") ? "; service " : "", text(sample, "service"),
		 *text(sample, "backend") ? "; backend " : "", text(sample, "backend"));
	return pcapng_put(p, &packet);
}

/* Shows or writes the samples of an answer. p: NULL, or the file. */
static bool samples_take(const struct args *args, const json_t *data, struct pcapng *p)
{
	const json_t *sample;
	size_t i;

	json_array_foreach(json_object_get(data, "samples"), i, sample) {
		if (p && !sample_write(p, sample))
			return false;
		if (!p && !args->json)
			sample_print(sample);
		else if (!p && !json_dumpf(sample, stdout, JSON_COMPACT))
			putchar('\n');
	}
	return p || !fflush(stdout);
}

/* ---- asking ---- */

static json_t *request(const struct args *args, uint32_t samples, const json_t *after)
{
	json_t *request = request_new("drops");

	request_set(request, "service", args_word(args, 0));
	request_set(request, "reason", option(args, "reason"));
	json_object_set_new(request, "samples", json_integer(samples));
	if (after)
		json_object_set(request, "after", (json_t *)after);
	return request;
}

static int not_written(const char *name)
{
	fprintf(stderr, "xring: %s: %s\n", name, strerror(errno));
	return EXIT_NO;
}

/*
 * The last samples, some at a time, and with --follow what comes: as lines, or into a file. all: NULL, or
 * where they are put.
 */
static int samples_walk(const struct args *args, uint32_t count, struct pcapng *p, const char *name,
			json_t *all)
{
	const struct timespec pause = { 0, FOLLOW_NS };
	bool follows = option(args, "follow"), more = true;
	json_t *data = NULL, *after = NULL;
	int code = 0;

	while (!code && (more || follows)) {
		if (!more)
			nanosleep(&pause, NULL);
		code = ask(args, request(args, after ? SAMPLES_MOST : count, after), &data);
		if (code)
			break;
		if (all)
			json_array_extend(all, json_object_get(data, "samples"));
		else if (!samples_take(args, data, p))
			code = not_written(name ?: "standard output");
		json_decref(after);
		after = json_incref(json_object_get(data, "after"));
		more = json_is_true(json_object_get(data, "samples_more"));
		if (!code && p && !more && !follows &&
		    !pcapng_end(p, clock_wall_ms() * 1000000ull, number(data, "lost")))
			code = not_written(name);
		json_decref(data);
	}
	json_decref(after);
	return code;
}

/*
 * Packets are not for everybody's eyes: the file becomes its owner's alone. It is opened when the daemon has accepted
 * the question, so that a wrong one spoils no file.
 */
static int file_walk(const struct args *args, uint32_t count, const char *name)
{
	bool is_output = !strcmp(name, "-");
	struct pcapng p;
	json_t *data;
	FILE *to;
	int fd, code = ask(args, request(args, 0, NULL), &data);

	if (code)
		return code;
	json_decref(data);
	fd = is_output ? dup(STDOUT_FILENO) : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	to = fd < 0 || (!is_output && fchmod(fd, 0600)) ? NULL : fdopen(fd, "w");
	if (!to)
		return not_written(name);
	code = pcapng_begin(&p, to) ? samples_walk(args, count, &p, name, NULL) :
					not_written(name);
	if (fclose(to) && !code)
		code = not_written(name);
	return code;
}

/* With --json: the table, and as many samples as were asked for. */
static int all_print(const struct args *args, uint32_t count)
{
	json_t *data = NULL, *samples = json_array();
	int code = ask(args, request(args, 0, NULL), &data);

	if (!code && count)
		code = samples_walk(args, count, NULL, NULL, samples);
	if (!code) {
		json_object_set(data, "samples", samples);
		json_object_del(data, "samples_more");
		json_object_del(data, "after");
		json_print(data);
	}
	json_decref(samples);
	json_decref(data);
	return code;
}

int run_drops(const struct args *args)
{
	const char *n = option(args, "n"), *file = option(args, "w");
	uint32_t count = file ? SAMPLES_MOST : 0;

	if (n && unsigned_parse(n, 1, SAMPLES_MOST, &count))
		return words_wrong("n %s: want 1 to %u", n, SAMPLES_MOST);
	if (file)
		return file_walk(args, count, file);
	/* With --json and --follow each sample is a line. */
	if (option(args, "follow") || (!args->json && n))
		return samples_walk(args, count, NULL, NULL, NULL);
	return args->json ? all_print(args, count) :
			    ask_and_print(args, request(args, 0, NULL), table_print);
}
