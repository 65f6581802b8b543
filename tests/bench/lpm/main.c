// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a longest-prefix match costs under BPF_PROG_TEST_RUN, by structure, for
 * 1,000,000 IPv4 prefixes and 100,000 IPv6 prefixes, for traffic of 1,024 clients and
 * of 1,048,576. A round runs every row once, and every other round goes backwards; a
 * figure is a row's time less that of the empty loop in the same round.
 *
 * usage: lpm lpm.bpf.o [ROUNDS]
 */
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <xring/lpm.h>

#include "../networks.h"
#include "../stats.h"
#include "base/util.h"
#include "bench_lpm.h"
#include "core/lpm/lpm.h"

#define PREFIXES4 1000000
#define PREFIXES6 100000
#define LINES (1u << 21)
#define RUNS 64				/* of LOOKUPS, in one round of one row */
#define CHANGES 100000
#define SLOTS (1u << 24)

static struct bpf_object *object;
static struct bench *bench;
static union xring_lpm_line *lines;
static struct lpm_pool pool;
static struct lpm table;
static struct lpm_entry *entries4, *entries6;
static uint32_t *clients4;
static struct client6 *clients6;

static int map_fd(const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

static void *map_memory(const char *name, size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd(name), 0);

	if (memory == MAP_FAILED)
		fail("%s: mmap: %s", name, strerror(errno));
	return memory;
}

/* ---- prefixes and clients ---- */

static void make_clients(void)
{
	for (uint32_t i = 0; i < CLIENTS; i++) {
		const struct prefix *p = &entries4[random64() % PREFIXES4].prefix;
		uint64_t x[2] = { random64(), random64() };
		struct address a = p->address;

		for (unsigned b = p->bits; b < 32; b++)
			a.bytes[b / 8] |= (x[0] >> b & 1) << (7 - b % 8);
		memcpy(&clients4[i], a.bytes, 4);
		p = &entries6[random64() % PREFIXES6].prefix;
		a = p->address;
		for (unsigned b = p->bits; b < 128; b++)
			a.bytes[b / 8] |= (x[b / 64] >> b % 64 & 1) << (7 - b % 8);
		memcpy(&clients6[i], a.bytes, 16);
	}
}

/* ---- the rivals ---- */

static uint32_t address4(const struct address *a)
{
	uint32_t x;

	memcpy(&x, a->bytes, sizeof(x));
	return ntohl(x);
}

static uint64_t address6(const struct address *a)
{
	uint64_t x;

	memcpy(&x, a->bytes, sizeof(x));
	return be64toh(x);
}

static int by_length(const void *a, const void *b)
{
	const struct prefix *x = &((const struct lpm_entry *)a)->prefix;
	const struct prefix *y = &((const struct lpm_entry *)b)->prefix;

	return (int)x->bits - (int)y->bits ?: prefix_compare(x, y);
}

static struct lpm_entry *shortest_first(const struct lpm_entry *entries, size_t count)
{
	struct lpm_entry *e = calloc(count, sizeof(*e));

	memcpy(e, entries, count * sizeof(*e));
	qsort(e, count, sizeof(*e), by_length);
	return e;
}

/* DIR-24-8 (Gupta, Lin, McKeown, INFOCOM 1998), with 32-bit words. */
static void build_flat(void)
{
	uint32_t *first = map_memory("first24", (size_t)SLOTS * 4);
	uint32_t *last = map_memory("last8", (size_t)SLOTS * 4), used = 0;
	_free_ struct lpm_entry *e = shortest_first(entries4, PREFIXES4);

	for (size_t i = 0; i < PREFIXES4; i++) {
		uint32_t at = address4(&e[i].prefix.address), bits = e[i].prefix.bits;
		uint32_t *word = &first[at >> 8];

		for (uint32_t n = 0; bits <= 24 && n < 1u << (24 - bits); n++)
			word[n] = e[i].value;
		if (bits <= 24)
			continue;
		if (!(*word & XRING_LPM_NODE)) {
			for (uint32_t n = 0; n < 256; n++)
				last[used * 256 + n] = *word;
			*word = XRING_LPM_NODE | used++;
		}
		word = &last[(*word & XRING_LPM_VALUE_MAX) * 256 + (at & 255)];
		for (uint32_t n = 0; n < 1u << (32 - bits); n++)
			word[n] = e[i].value;
	}
	printf("flat table by 24 bits: %.1f MiB\n", (SLOTS + used * 256) / 262144.0);
}

/* Has the key an entry, a prefix or a marker? It has, now. */
static void bucket_put(struct bucket *buckets, uint64_t key, uint32_t length)
{
	uint32_t i = bucket_hash(key, length) & bench->bucket_mask;

	for (int way = 0; way < 2 * BUCKET_WAYS; way++) {
		struct bucket *b = &buckets[way < BUCKET_WAYS ? i : i ^ 1];
		int at = way % BUCKET_WAYS;

		if (b->way[at].key == key && b->way[at].length == length)
			return;
		if (b->way[at].length)
			continue;
		b->way[at].key = key;
		b->way[at].length = length;
		return;
	}
	fail("two buckets of binary search on lengths are full");
}

/* The markers that lead to a prefix, and itself. */
static void put_markers(struct bucket *buckets, uint64_t key, uint32_t to)
{
	uint32_t low = 0, high = bench->lengths;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (middle > to) {
			high = middle;
			continue;
		}
		bucket_put(buckets, key & bench->length_mask[middle], middle + 1);
		low = middle + 1;
	}
}

/* The best match of each key among the prefixes that are not longer. */
static uint32_t fill_values(struct bucket *buckets, const struct lpm *t, uint32_t length)
{
	uint32_t filled = 0;

	for (uint32_t i = 0; i < BUCKET_WAYS * (bench->bucket_mask + 1); i++) {
		struct bucket *b = &buckets[i / BUCKET_WAYS];
		uint64_t be = htobe64(b->way[i % BUCKET_WAYS].key);
		struct address a = { .family = AF_INET6 };

		if (b->way[i % BUCKET_WAYS].length != length)
			continue;
		memcpy(a.bytes, &be, sizeof(be));
		b->way[i % BUCKET_WAYS].value = lpm_find(t, &a);
		filled++;
	}
	return filled;
}

static void build_lengths(void)
{
	struct bucket *buckets = map_memory("buckets", sizeof(*buckets) << 19);
	_free_ struct lpm_entry *e = shortest_first(entries6, PREFIXES6);
	uint32_t index[65] = {}, roots[LPM_FAMILIES], used = 0;
	struct lpm t;

	bench->bucket_mask = (1 << 19) - 1;
	for (size_t i = 0; i < PREFIXES6; i++) {
		unsigned bits = e[i].prefix.bits;

		if (index[bits])
			continue;
		bench->length_mask[bench->lengths] = ~0ULL << (64 - bits);
		index[bits] = ++bench->lengths;
	}
	for (size_t i = 0; i < PREFIXES6; i++)
		put_markers(buckets, address6(&e[i].prefix.address),
			    index[e[i].prefix.bits] - 1);
	lpm_init(&t, &pool, roots);
	for (uint32_t length = 1, i = 0; length <= bench->lengths; length++) {
		for (; i < PREFIXES6 && index[e[i].prefix.bits] == length; i++)
			lpm_set(&t, &e[i].prefix, e[i].value);
		used += fill_values(buckets, &t, length);
	}
	lpm_clear(&t);
	lpm_pool_reclaim(&pool);
	printf("binary search on %u lengths: %u prefixes and markers, %.1f MiB\n",
	       bench->lengths, used, (double)(sizeof(*buckets) << 19) / 1048576);
}

static void build_kernel(void)
{
	uint64_t start = clock_ns();
	int fd = map_fd("trie4");

	for (size_t i = 0; i < PREFIXES4; i++) {
		struct { uint32_t bits; uint8_t address[4]; } key = { entries4[i].prefix.bits };

		memcpy(key.address, entries4[i].prefix.address.bytes, 4);
		if (bpf_map_update_elem(fd, &key, &entries4[i].value, BPF_ANY))
			fail("trie4: %s", strerror(errno));
	}
	printf("kernel's trie, 1,000,000 prefixes: %.2f s\n", (clock_ns() - start) / 1e9);
	fd = map_fd("trie6");
	for (size_t i = 0; i < PREFIXES6; i++) {
		struct { uint32_t bits; uint8_t address[16]; } key = { entries6[i].prefix.bits };

		memcpy(key.address, entries6[i].prefix.address.bytes, 16);
		if (bpf_map_update_elem(fd, &key, &entries6[i].value, BPF_ANY))
			fail("trie6: %s", strerror(errno));
	}
}

/* ---- ours ---- */

static double mebibytes(void)
{
	return (pool.blocks.used - pool.blocks.retired_lines) * 64 / 1048576.0;
}

static void load_entries(const char *name, const struct lpm_entry *entries, size_t count,
			 struct lpm *t, uint32_t *roots)
{
	uint64_t start;
	double before = mebibytes();
	int failed;

	lpm_init(t, &pool, roots);
	start = clock_ns();
	failed = lpm_load(t, entries, count);
	if (failed)
		fail("%s: load: %s", name, strerror(-failed));
	printf("%s: %zu prefixes in %.3f s, %.1f MiB of lines, tries %.1f MiB\n", name, count,
	       (clock_ns() - start) / 1e9, mebibytes() - before,
	       (t->tries[0].room + t->tries[1].room) * sizeof(struct trie_node) / 1048576.0);
}

/* Takes random prefixes out and puts them in again; the table is then as it was. */
static void change_entries(const char *name, const struct lpm_entry *entries, size_t count,
			   struct lpm *t)
{
	uint64_t start = clock_ns(), longest = 0;

	for (int i = 0; i < CHANGES; i++) {
		const struct lpm_entry *e = &entries[random64() % count];
		uint64_t from = clock_ns(), took;

		if (lpm_remove(t, &e->prefix) || lpm_set(t, &e->prefix, e->value))
			fail("%s: change", name);
		took = clock_ns() - from;
		longest = took > longest ? took : longest;
		if (i % 1000 == 0)
			lpm_pool_reclaim(&pool);
	}
	lpm_pool_reclaim(&pool);
	printf("%s: a change %.0f ns, the longest %.1f us\n", name,
	       (clock_ns() - start) / (2.0 * CHANGES), longest / 2e3);
}

/* Nodes on the way to an answer. */
static unsigned steps(uint32_t word, uint64_t hi)
{
	unsigned n = 0, depth = 0;

	while (word & XRING_LPM_NODE) {
		const union xring_lpm_line *line = &lines[word & XRING_LPM_LINE_MASK];
		unsigned stride = XRING_LPM_STRIDE(word);

		n++;
		if (stride) {
			word = line->word[hi << depth >> (64 - stride)];
			depth += stride;
		} else {
			word = (hi ^ line->test.key[0]) & line->test.mask[0] ? line->test.other :
									       line->test.match;
			depth = line->test.bits;
		}
	}
	return n;
}

static void print_steps(void)
{
	uint64_t n4 = 0, n6 = 0;

	for (uint32_t i = 0; i < CLIENTS; i++) {
		n4 += steps(bench->roots[0], (uint64_t)ntohl(clients4[i]) << 32);
		n6 += steps(bench->roots[1], be64toh(clients6[i].word[0]));
	}
	printf("nodes to an answer: IPv4 %.2f, IPv6 %.2f\n", n4 / (double)CLIENTS,
	       n6 / (double)CLIENTS);
}

/* ---- rows ---- */

#define WAYS 4
static const struct {
	const char *program;
	const char *name;
} ways[2][WAYS] = {
	{
		{ "bench_none4", "IPv4 loop" },
		{ "bench_table4", "IPv4 table" },
		{ "bench_flat4", "IPv4 flat by 24 bits" },
		{ "bench_kernel4", "IPv4 kernel's trie" },
	},
	{
		{ "bench_none6", "IPv6 loop" },
		{ "bench_table6", "IPv6 table" },
		{ "bench_lengths6", "IPv6 binary search on lengths" },
		{ "bench_kernel6", "IPv6 kernel's trie" },
	},
};

/* By family, clients, whether it waits, and way. */
static struct row {
	double ns[SAMPLES_MAX];
	uint64_t sum;
} rows[2][2][2][WAYS];
#define ROWS (8 * WAYS)

static void run(int fd, uint32_t times)
{
	uint8_t frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = (int)times);

	if (bpf_prog_test_run_opts(fd, &opts))
		fail("test run: %s", strerror(errno));
}

static void run_row(size_t i, size_t round)
{
	size_t way = i % WAYS, wait = i / WAYS % 2, many = i / WAYS / 2 % 2, family = i / WAYS / 4;
	struct row *row = &rows[family][many][wait][way];
	int fd = bpf_program__fd(bpf_object__find_program_by_name(object,
								  ways[family][way].program));
	uint32_t at = (uint32_t)round * (RUNS + 8) * LOOKUPS;

	bench->mask = many ? CLIENTS - 1 : 1023;
	bench->wait = (uint32_t)wait;
	bench->at = at & bench->mask;
	run(fd, 8);
	bench->sum = bench->elapsed_ns = 0;
	run(fd, RUNS);
	row->ns[round] = (double)bench->elapsed_ns / (RUNS * LOOKUPS);
	row->sum += bench->sum;
}

static void print_net(const struct row *row, const struct row *base, size_t rounds)
{
	double net[SAMPLES_MAX];

	for (size_t r = 0; r < rounds; r++)
		net[r] = row->ns[r] - base->ns[r];
	printf(" %8.1f %8.1f", stats_minimum(row->ns, rounds) - stats_minimum(base->ns, rounds),
	       stats_median(net, rounds));
}

static void print_rows(size_t rounds)
{
	printf("%-40s %17s %17s\n%-40s %8s %8s %8s %8s\n", "ns a match, net of the loop",
	       "overlapping", "waited for", "", "minimum", "median", "minimum", "median");
	for (size_t i = 0; i < 4; i++)
		for (size_t way = 1; way < WAYS; way++) {
			size_t family = i / 2, many = i % 2;

			printf("%-30s %9s", ways[family][way].name, many ? "1,048,576" : "1,024");
			for (int wait = 0; wait < 2; wait++) {
				struct row *row = rows[family][many][wait];

				print_net(&row[way], &row[0], rounds);
				if (row[way].sum != row[1].sum)
					fail("these are not the answers of the table");
			}
			putchar('\n');
		}
}

static void prepare(const char *path)
{
	static struct lpm table6;
	static uint32_t roots[2][LPM_FAMILIES];

	object = bpf_object__open(path);
	if (!object || bpf_object__load(object))
		fail("%s: %s", path, strerror(errno));
	bench = map_memory(".bss", sizeof(*bench));
	lines = map_memory("lines", (size_t)LINES * sizeof(*lines));
	clients4 = map_memory("clients4", sizeof(*clients4) * CLIENTS);
	clients6 = map_memory("clients6", sizeof(*clients6) * CLIENTS);
	if (lpm_pool_new(lines, LINES, &pool))
		fail("no memory");
	entries4 = networks(AF_INET, PREFIXES4);
	entries6 = networks(AF_INET6, PREFIXES6);
	make_clients();
	load_entries("IPv4", entries4, PREFIXES4, &table, roots[0]);
	change_entries("IPv4", entries4, PREFIXES4, &table);
	load_entries("IPv6", entries6, PREFIXES6, &table6, roots[1]);
	change_entries("IPv6", entries6, PREFIXES6, &table6);
	bench->roots[0] = roots[0][LPM_IPV4];
	bench->roots[1] = roots[1][LPM_IPV6];
	print_steps();
	build_flat();
	build_lengths();
	build_kernel();
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
	cpu_set_t cpus;

	if (argc < 2 || rounds < 1 || rounds > SAMPLES_MAX)
		fail("usage: lpm lpm.bpf.o [ROUNDS]");
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare(argv[1]);
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < ROWS; i++)
			run_row(round % 2 ? ROWS - 1 - i : i, round);
	print_rows(rounds);
	return 0;
}
