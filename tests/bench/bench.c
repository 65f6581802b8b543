// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What xring costs: ns a packet of each mode under each kind of traffic, over
 * floors measured in the same rounds, and the figures that were set as targets.
 * It fails where a packet did not become what it should, never for a time.
 */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include <bpf/libbpf.h>

#include "changes.h"
#include "costs.h"
#include "clients.h"
#include "keys.h"
#include "net.h"
#include "path.h"
#include "rows.h"
#include "stats.h"

#define OBJECTS_MAX 8
#define BATCH_PACKETS 20000
#define PATH_PACKETS 100000
#define PRIORITY 10

static const char usage[] =
	"usage: bench [options] [XRING.BPF.O]\n"
	"  --programs DIR  the bench's own BPF programs (default build/tests/bench)\n"
	"  --against FILE  measure this xring.bpf.o too, and say the difference;\n"
	"                  may be repeated\n"
	"  --only TEXT     only the rows whose \"program, packets\" hold TEXT\n"
	"  --rounds N      default 300, with --quick 50\n"
	"  --quick         a minute instead of five\n"
	"  --cpu N         default: the last one\n"
	"  --json          one JSON object instead of tables\n";

struct options {
	const char *programs;
	const char *only;
	char *objects[OBJECTS_MAX];
	size_t object_count;
	unsigned rounds;
	int cpu;
	bool quick;
	bool json;
};

static void add_object(struct options *o, char *path)
{
	if (o->object_count == OBJECTS_MAX)
		fail("--against %s: %d are the most", path, OBJECTS_MAX - 1);
	o->objects[o->object_count++] = path;
}

static long number(const char *option, const char *text, long min, long max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < min || value > max)
		fail("%s %s: want %ld to %ld", option, text, min, max);
	return value;
}

static void parse(int argc, char **argv, struct options *ret)
{
	enum { PROGRAMS = 1, AGAINST, ONLY, ROUNDS, QUICK, CPU, JSON, HELP };
	static const struct option words[] = {
		{ "programs", required_argument, NULL, PROGRAMS },
		{ "against", required_argument, NULL, AGAINST },
		{ "only", required_argument, NULL, ONLY },
		{ "rounds", required_argument, NULL, ROUNDS },
		{ "quick", no_argument, NULL, QUICK },
		{ "cpu", required_argument, NULL, CPU },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{}
	};
	int word;

	*ret = (struct options){
		.programs = "build/tests/bench",
		.objects = { "build/xring.bpf.o" },
		.object_count = 1,
		.cpu = get_nprocs() - 1,
	};
	while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
		switch (word) {
		case PROGRAMS:
			ret->programs = optarg;
			break;
		case AGAINST:
			add_object(ret, optarg);
			break;
		case ONLY:
			ret->only = optarg;
			break;
		case ROUNDS:
			ret->rounds = number("--rounds", optarg, 1, SAMPLES_MAX);
			break;
		case QUICK:
			ret->quick = true;
			break;
		case CPU:
			ret->cpu = number("--cpu", optarg, 0, CPU_SETSIZE - 1);
			break;
		case JSON:
			ret->json = true;
			break;
		case HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc)
		ret->objects[0] = argv[optind];
	if (!ret->rounds)
		ret->rounds = ret->quick ? 50 : 300;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("CPU %d: cannot run there", cpu);
	mlockall(MCL_CURRENT);
}

static void realtime(bool on)
{
	struct sched_param param = { .sched_priority = on ? PRIORITY : 0 };

	if (sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param))
		fail("SCHED_FIFO: not allowed");
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN && !strstr(fmt, "skipping unrecognized") ?
	       vfprintf(stderr, fmt, args) : 0;
}

/* ---- the targets ---- */

struct figure {
	const char *name;
	double value;
	double least;			/* the same of the minimums, or 0 */
	double want;
	bool at_least;			/* value >= want, not <= */
	const char *unit;
	const char *peer;		/* the best known one's */
};

#define FIGURES_MAX 32
static struct figure figures[FIGURES_MAX];
static size_t figure_count;

static void figure_row(const struct rows *rows, const char *program, enum traffic traffic,
		       const char *name, double want, const char *peer)
{
	const struct row *row = rows_find(rows, program, traffic);

	if (row)
		figures[figure_count++] = (struct figure){
			name, row_ratio(rows, row, false), row_ratio_of_minimums(rows, row),
			want, false, "", peer };
}

static void figures_rows(const struct rows *rows)
{
	figure_row(rows, "ipip 4in4", TRAFFIC_ONE, "one flow", 2.5, "8.1");
	figure_row(rows, "ipip 4in4", TRAFFIC_THOUSAND, "1,000 flows", 3.3, "8.8");
	figure_row(rows, "ipip 4in4", TRAFFIC_MILLION, "a million flows", 4.0, "16.7");
	figure_row(rows, "ipip 4in4", TRAFFIC_SYN, "every packet a new SYN", 4.0, "54");
	figure_row(rows, "ipip 6in6", TRAFFIC_THOUSAND, "IPv6 in IPv6, 1,000 flows", 3.5, "8.4");
	figure_row(rows, "pass IPv4", TRAFFIC_THOUSAND, "not for a service (PASS)", 0.6, "3.9");
}

/* What the rule of changes costs where nothing changes. */
static void figure_difference(const struct rows *rows, enum traffic traffic, const char *name)
{
	const struct row *row = rows_find(rows, CHANGES_IN, traffic);

	if (row)
		figures[figure_count++] = (struct figure){
			name, row_difference(rows, row), row_difference_of_minimums(rows, row),
			2, false, "ns", "" };
}

static void figures_changes(const struct rows *rows)
{
	figure_difference(rows, TRAFFIC_ONE, "changes compiled in, one flow");
	figure_difference(rows, TRAFFIC_THOUSAND, "changes compiled in, 1,000 flows");
	figure_difference(rows, TRAFFIC_MILLION, "changes compiled in, a million flows");
	figure_difference(rows, TRAFFIC_SYN, "changes compiled in, new flows");
}

static void figure_keys(const struct rows *rows, enum traffic traffic, const char *name)
{
	if (rows_find(rows, KEYS_OPEN, traffic))
		figures[figure_count++] = (struct figure){
			name, keys_average(rows, traffic, false),
			keys_average(rows, traffic, true), 5, false, "ns", "" };
}

static void figures_keys(const struct rows *rows)
{
	figure_keys(rows, TRAFFIC_ONE, "keys counted, one flow");
	figure_keys(rows, TRAFFIC_THOUSAND, "keys counted, 1,000 flows");
	figure_keys(rows, TRAFFIC_MILLION, "keys counted, a million flows");
	figure_keys(rows, TRAFFIC_ACK, "keys counted, each packet another flow");
}

static void figure_clients(const struct rows *rows, const char *ruled, enum traffic traffic,
			   const char *name, double most)
{
	const struct row *row = rows_find(rows, ruled, traffic);

	if (row)
		figures[figure_count++] = (struct figure){
			name, row_difference(rows, row), row_difference_of_minimums(rows, row),
			most, false, "ns", "" };
}

static void figures_clients(const struct rows *rows)
{
	figure_clients(rows, CLIENTS_RULES4, TRAFFIC_THOUSAND,
		       "1,000,000 networks, 1,000 clients", 15);
	figure_clients(rows, CLIENTS_RULES4, TRAFFIC_MILLION,
		       "1,000,000 networks, a million clients", 80);
	figure_clients(rows, CLIENTS_RULES6, TRAFFIC_THOUSAND,
		       "100,000 IPv6 networks, 1,000 clients", 0);
	figure_clients(rows, CLIENTS_RULES6, TRAFFIC_MILLION,
		       "100,000 IPv6 networks, a million clients", 0);
}

static void figures_rest(const struct path *path, const struct costs *costs)
{
	const struct figure rest[] = {
		{ "real path, 1,000 flows, to the swap floor", path->xring_ratio,
		  path->best_ratio, 0.7, true, "", "0.36 to 0.50" },
		{ "instructions of a common packet", costs->instructions, 0, 320, false, "", "" },
		{ "accesses of the stack among them", costs->stack, 0, 40, false, "", "" },
		{ "verifier: instructions processed", costs->verified, 0, 60000, false, "",
		  "64,000" },
		{ "exact ring lookup / Maglev-style array", costs->lookup_ratio,
		  costs->lookup_ratio_min, 1.5, false, "", "" },
		{ "weight of 1 backend of 1,000 changed", costs->change_ms,
		  costs->change_min_ms, 1, false, "ms", "17 to 46 ms" },
		{ "first build of 1,000 x 150", costs->build_ms, costs->build_min_ms, 100,
		  false, "ms", "215 ms, 256k points" },
		{ "maps of 512 services x 16 backends", costs->maps_mib, 0, 100, false, "MiB",
		  "400 MiB + 483 a core" },
	};

	memcpy(&figures[figure_count], rest, sizeof(rest));
	figure_count += sizeof(rest) / sizeof(rest[0]);
}

static bool is_reached(const struct figure *f)
{
	return f->at_least ? f->value >= f->want : f->value <= f->want;
}

static void print_figures(void)
{
	printf("\n%-42s %9s %9s %-4s %9s  %-8s %s\n", "to reach", "median", "best", "", "want",
	       "", "best known peer");
	for (size_t i = 0; i < figure_count; i++) {
		const struct figure *f = &figures[i];
		int digits = f->value >= 1000 ? 0 : f->value >= 0.1 ? 2 : 3;
		char least[16] = "";

		if (f->least)
			snprintf(least, sizeof(least), "%.*f", digits, f->least);
		printf("%-42s %9.*f %9s %-4s %s %6.*f  %-8s %s\n", f->name, digits, f->value,
		       least, f->unit, f->at_least ? ">=" : "<=", f->want >= 10 ? 0 : 1,
		       f->want, is_reached(f) ? "reached" : "MISSED", f->peer);
	}
}

static void print_rest(const struct path *path, const struct costs *costs)
{
	printf("\nreal path, million packets a second: swap MACs %.2f, encapsulation %.2f "
	       "(%.2f), xring %.2f (%.2f)\n", path->swap / 1e6, path->encap / 1e6,
	       path->encap_ratio, path->xring / 1e6, path->xring_ratio);
	printf("a lookup, ns net of the loop: ring %.2f, Maglev table %.2f (packed %.2f)\n",
	       costs->ring_ns, costs->array_ns, costs->packed_ns);
	printf("a change of one weight, ms: median %.3f, min %.3f, max %.3f\n",
	       costs->change_ms, costs->change_min_ms, costs->change_max_ms);
	printf("maps of 512 services x 16 backends, MiB: %.1f; and for changes, pins %.1f, "
	       "handshakes %.1f\n", costs->maps_mib, costs->pins_mib, costs->syns_mib);
}

static void print_json(const struct rows *rows, const struct path *path,
		       const struct costs *costs)
{
	printf("{\"rounds\":%u,\"packets\":%u,\n", rows->rounds, BATCH_PACKETS);
	rows_print_json(rows, stdout);
	fputs(",\n\"figures\":[", stdout);
	for (size_t i = 0; i < figure_count; i++) {
		const struct figure *f = &figures[i];

		printf("%s\n{\"name\":\"%s\",\"value\":%.4f,\"best\":%.4f,\"want\":%g,"
		       "\"unit\":\"%s\",\"peer\":\"%s\",\"reached\":%s}", i ? "," : "",
		       f->name, f->value, f->least, f->want, f->unit, f->peer,
		       is_reached(f) ? "true" : "false");
	}
	fputs("\n]", stdout);
	if (path->swap)
		printf(",\n\"path_pps\":{\"swap\":%.0f,\"encap\":%.0f,\"xring\":%.0f},\n"
		       "\"lookup_ns\":{\"ring\":%.3f,\"array\":%.3f,\"packed\":%.3f},\n"
		       "\"maps_mib\":{\"pins\":%.2f,\"handshakes\":%.2f,\"others\":%.2f}",
		       path->swap, path->encap, path->xring, costs->ring_ns, costs->array_ns,
		       costs->packed_ns, costs->pins_mib, costs->syns_mib, costs->maps_mib);
	puts("}");
}

int main(int argc, char **argv)
{
	struct path path = {};
	struct costs costs = {};
	struct options o;
	struct rows rows;

	parse(argc, argv, &o);
	libbpf_set_print(quiet);
	net_open();
	driver_open(o.programs, NET_IDLE);
	rows_new(o.programs, o.objects, o.object_count, o.only, &rows);
	pin(o.cpu);
	realtime(true);
	rows_run(&rows, o.rounds, BATCH_PACKETS);
	figures_rows(&rows);
	figures_changes(&rows);
	figures_keys(&rows);
	figures_clients(&rows);
	if (!o.only) {
		costs_run(o.programs, o.objects[0], o.rounds, &costs);
		realtime(false);
		path_run(o.programs, o.objects[0], o.quick ? 15 : 50, PATH_PACKETS, &path);
		figures_rest(&path, &costs);
	}
	if (o.json) {
		print_json(&rows, &path, &costs);
		return 0;
	}
	printf("ns a packet, %u rounds of %u packets\n\n", o.rounds, BATCH_PACKETS);
	rows_print(&rows, stdout);
	print_figures();
	if (!o.only)
		print_rest(&path, &costs);
	return 0;
}
