// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/ring/cells.h"
#include "core/model/model.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/value/number.h"

#define NODES 2400

static char names[NODES][32];

static const char *vector_path(const char *file, char *buf, size_t size)
{
	const char *source = getenv("XRING_SOURCE") ?: ".";

	snprintf(buf, size, "%s/tests/vectors/%s", source, file);
	return buf;
}

static struct ring_node node(const char *name, uint32_t points)
{
	return (struct ring_node){ name, strlen(name), points };
}

/* node-1 to node-count. */
static void numbered(struct ring_node *nodes, size_t count, uint32_t points)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "node-%u", (unsigned)i + 1);
		nodes[i] = node(names[i], points);
	}
}

static uint64_t random64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

/* Nodes of a vector file's "# nodes" line: names, or name=virtual nodes. */
static size_t nodes_read(char *line, uint32_t points, struct ring_node *nodes)
{
	char *at = strchr(line, ':') + 1;
	size_t count = 0;

	for (char *word = strtok(at, " \n"); word; word = strtok(NULL, " \n")) {
		char *equals = strchr(word, '=');

		if (equals)
			*equals = 0;
		nodes[count++] = node(strdup(word), equals ? (uint32_t)atoi(equals + 1) : points);
	}
	return count;
}

/* Every line: key, position, the first three distinct nodes. Returns the lines checked. */
static int vectors_hold(const char *file)
{
	struct ring_node nodes[NODES];
	char path[256], nodes_line[8192] = "", *line = NULL;
	size_t size = 0, count = 0;
	FILE *f = fopen(vector_path(file, path, sizeof(path)), "r");
	struct ring ring = {};
	uint32_t points = 150;
	int checked = 0;
	ssize_t len;

	assert_non_null(f);
	while ((len = getline(&line, &size, f)) > 0) {
		char *position, *owners, mine[256] = "";
		uint32_t found[3];

		if (!strncmp(line, "# nodes", 7)) {
			strcpy(nodes_line, line);
			continue;
		}
		sscanf(line, "# virtual nodes per node: %u", &points);
		if (line[0] == '#')
			continue;
		if (!count) {
			count = nodes_read(nodes_line, points, nodes);
			assert_int_equal(ring_new(nodes, count, &ring), 0);
		}
		line[len - 1] = 0;
		position = strchr(line, '\t');
		owners = strchr(position + 1, '\t');
		*position++ = *owners++ = 0;
		assert_int_equal(ring_position(line, strlen(line)), strtoul(position, NULL, 10));
		len = ring_replicas(&ring, strtoul(position, NULL, 10), 3, found);
		for (ssize_t i = 0; i < len; i++)
			sprintf(mine + strlen(mine), "%s%s", i ? "," : "", nodes[found[i]].name);
		assert_string_equal(mine, owners);
		checked++;
	}
	fclose(f);
	free(line);
	for (size_t i = 0; i < count; i++)
		free((char *)nodes[i].name);
	ring_clear(&ring);
	return checked;
}

static void every_vector_file_is_reproduced(void **state)
{
	(void)state;
	assert_in_range(vectors_hold("ring1.tsv"), 4, 1000);
	assert_in_range(vectors_hold("ring3.tsv"), 400, 1000);
	assert_in_range(vectors_hold("ring4.tsv"), 400, 1000);
	assert_in_range(vectors_hold("ring100.tsv"), 400, 1000);
	assert_in_range(vectors_hold("ring_one_vnode.tsv"), 200, 1000);
	assert_in_range(vectors_hold("ring_weighted.tsv"), 400, 1000);
}

static void shares_are_exact(void **state)
{
	char path[256], name[32];
	FILE *f = fopen(vector_path("shares.tsv", path, sizeof(path)), "r");
	struct ring_node nodes[NODES];
	char line[256];
	int checked = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		uint64_t shares[NODES];
		struct ring ring;
		unsigned count;
		double share;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%u %31s %lf", &count, name, &share), 3);
		numbered(nodes, count, 150);
		assert_int_equal(ring_new(nodes, count, &ring), 0);
		ring_shares(&ring, shares);
		assert_float_equal(shares[atoi(name + 5) - 1] / 4294967296.0, share, 1e-12);
		ring_clear(&ring);
		checked++;
	}
	fclose(f);
	assert_int_equal(checked, 17);
}

/* "add node-4 to 3", "remove node-3 from 3" */
static void moved_shares_are_exact(void **state)
{
	char path[256], verb[16], preposition[8];
	FILE *f = fopen(vector_path("moves.tsv", path, sizeof(path)), "r");
	struct ring_node nodes[NODES];
	char line[256];
	int checked = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct ring a, b;
		unsigned which, from, to;
		double share;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%15s node-%u %7s %u\t%lf", verb, &which,
					preposition, &from, &share), 5);
		to = !strcmp(verb, "add") ? from + 1 : from;
		numbered(nodes, to, 150);
		if (to > from)
			nodes[from].points = 0;
		assert_int_equal(ring_new(nodes, to, &a), 0);
		nodes[which - 1].points = to > from ? 150 : 0;
		assert_int_equal(ring_update(&a, nodes, to, &b, NULL, NULL), 0);
		assert_float_equal(ring_difference(&a, &b) / 4294967296.0, share, 1e-12);
		ring_clear(&a);
		ring_clear(&b);
		checked++;
	}
	fclose(f);
	assert_int_equal(checked, 6);
}

/* node-132:26 and node-217:112 stand on one position. */
static void lesser_name_keeps_a_shared_position(void **state)
{
	struct ring_node nodes[2] = { node("node-217", 113), node("node-132", 27) };
	struct ring ring, again;
	uint32_t tie = ring_position("node-132:26", 11);

	(void)state;
	assert_int_equal(tie, 583830074);
	assert_int_equal(ring_position("node-217:112", 12), tie);
	for (int order = 0; order < 2; order++) {
		struct ring_node pair[2] = { nodes[order], nodes[!order] };

		assert_int_equal(ring_new(pair, 2, &ring), 0);
		assert_string_equal(
			pair[ring.points[ring_owner(&ring, tie - 1)].node].name, "node-132");
		/* Without the winner the other has it. */
		pair[order ? 0 : 1].points = 26;
		assert_int_equal(ring_update(&ring, pair, 2, &again, NULL, NULL), 0);
		assert_string_equal(
			pair[again.points[ring_owner(&again, tie - 1)].node].name, "node-217");
		ring_clear(&ring);
		ring_clear(&again);
	}
}

static void a_key_belongs_to_the_point_strictly_behind_it(void **state)
{
	struct ring_node nodes[3];
	struct ring ring;

	(void)state;
	numbered(nodes, 3, 1);
	assert_int_equal(ring_new(nodes, 3, &ring), 0);
	for (size_t i = 0; i < 3; i++) {
		uint32_t p = ring.points[i].position;

		assert_int_equal(ring_owner(&ring, p - 1), i);
		assert_int_equal(ring_owner(&ring, p), (i + 1) % 3);
	}
	assert_int_equal(ring_owner(&ring, UINT32_MAX), 0);
	ring_clear(&ring);
}

static void weights_become_points_half_up(void **state)
{
	(void)state;
	assert_int_equal(weight_points(1000, 150), 150);
	assert_int_equal(weight_points(0, 150), 0);
	assert_int_equal(weight_points(1, 150), 1);	/* 0.15 */
	assert_int_equal(weight_points(10, 150), 2);	/* 1.5 */
	assert_int_equal(weight_points(9, 150), 1);	/* 1.35 */
	assert_int_equal(weight_points(2500, 150), 375);
	assert_int_equal(weight_points(WEIGHT_MAX, VNODES_MAX), 10000000);
}

static bool same_ring(const struct ring *a, const struct ring *b)
{
	if (a->point_count != b->point_count)
		return false;
	for (size_t i = 0; i < a->point_count; i++)
		if (a->points[i].position != b->points[i].position ||
		    a->points[i].node != b->points[i].node)
			return false;
	return true;
}

struct table {
	struct cells cells;
	struct spill_pool pool;
	struct xring_spill *buckets;
};

static void table_new(struct table *t, unsigned bits)
{
	t->buckets = calloc(1 << 17, sizeof(*t->buckets));
	assert_int_equal(spill_pool_new(t->buckets, 1 << 17, &t->pool), 0);
	t->cells = (struct cells){ .words = calloc((size_t)2 << bits, 8), .bits = bits,
				   .spills = &t->pool };
}

static void table_clear(struct table *t)
{
	free(t->cells.words);
	free(t->buckets);
	spill_pool_clear(&t->pool);
}

static void cells_answer_as_the_ring(const struct cells *cells, const struct ring *ring,
				     const uint16_t *ids, unsigned hashes)
{
	uint64_t seed = 88172645463325252ULL;

	for (unsigned i = 0; i < hashes; i++) {
		uint32_t hash = random64(&seed);

		if (cells_lookup(cells, hash) != ids[ring->points[ring_owner(ring, hash)].node])
			fail_msg("hash %u: %u", hash, cells_lookup(cells, hash));
	}
	for (size_t i = 0; i < ring->point_count; i++)
		for (int d = -1; d <= 1; d++) {
			uint32_t hash = ring->points[i].position + d;

			assert_int_equal(cells_lookup(cells, hash),
					 ids[ring->points[ring_owner(ring, hash)].node]);
		}
}

/* The fewest cells that the ring fits into: so some have as many splits as there is room for. */
static unsigned bits_for(const struct ring *ring)
{
	unsigned bits = CELLS_BITS_MIN;

	while (!cells_fit(ring, bits))
		bits++;
	return bits;
}

/* The spill buckets that the pool holds for so many cells are enough, whatever the ring's size. */
static void buckets_are_enough_for_the_cells(void **state)
{
	static const size_t sizes[] = { 13, 16, 27, 218, 873, 1000, 1165, 2300 };
	static struct ring_node nodes[NODES];
	static uint16_t ids[NODES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t free_before, used, cells;
		struct ring ring;
		struct table t;

		numbered(nodes, sizes[i], 150);
		for (size_t k = 0; k < sizes[i]; k++)
			ids[k] = 1 + k;
		assert_int_equal(ring_new(nodes, sizes[i], &ring), 0);
		table_new(&t, cells_bits(ring.point_count));
		free_before = t.pool.free_count;
		assert_true(cells_write(&t.cells, &(struct cells_change){ &ring, ids }) > 0);
		used = free_before - t.pool.free_count;
		cells = cells_count(&t.cells);
		assert_in_range(used, 1, XRING_SPILLS_FOR(2 * cells));
		assert_in_range(cells, ring.point_count * 3 / 2, ring.point_count * 4);
		if (cells < 1u << CELLS_BITS_LARGE)
			assert_in_range(cells, ring.point_count * 2, ring.point_count * 4);
		table_clear(&t);
		ring_clear(&ring);
	}
}

static void cells_equal_the_ring_for_every_size(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 100, 1000 };
	static struct ring_node nodes[NODES];
	static uint16_t ids[NODES];

	(void)state;
	for (size_t i = 0; i < NODES; i++)
		ids[i] = 7 + i;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct ring ring;
		struct table t;

		numbered(nodes, sizes[i], 150);
		assert_int_equal(ring_new(nodes, sizes[i], &ring), 0);
		table_new(&t, bits_for(&ring));
		assert_in_range(cells_write(&t.cells, &(struct cells_change){ &ring, ids }), 1, 1 << 24);
		cells_answer_as_the_ring(&t.cells, &ring, ids, 1000000);
		assert_int_equal(cells_write(&t.cells, &(struct cells_change){ &ring, ids }), 0);
		table_clear(&t);
		ring_clear(&ring);
	}
}

/* Any history of weights: the updated ring and cells are those built anew. */
static void updates_equal_a_build_from_nothing(void **state)
{
	static struct ring_node nodes[60];
	uint64_t seed = 0x9e3779b97f4a7c15ULL;
	struct ring ring = {};
	uint16_t ids[60];
	struct table t;

	(void)state;
	numbered(nodes, 60, 0);
	for (int i = 0; i < 60; i++)
		ids[i] = 60 - i;
	table_new(&t, 13);
	for (int step = 0; step < 400; step++) {
		struct ring next, fresh;
		struct ring_point *delta;
		size_t delta_count;

		for (int i = random64(&seed) % 4; i >= 0; i--)
			nodes[random64(&seed) % 60].points =
				random64(&seed) % 3 ? random64(&seed) % 40 : 0;
		if (step % 50 == 49)	/* the last of them goes, and all come back */
			for (int i = 0; i < 60; i++)
				nodes[i].points = 0;
		assert_int_equal(ring_update(&ring, nodes, 60, &next, &delta, &delta_count), 0);
		assert_int_equal(ring_new(nodes, 60, &fresh), 0);
		assert_true(same_ring(&next, &fresh));
		assert_true(cells_update(&t.cells, &(struct cells_change){ &next, ids }, delta, delta_count) >= 0);
		spill_pool_reclaim(&t.pool);
		if (next.point_count)
			cells_answer_as_the_ring(&t.cells, &next, ids, 2000);
		else
			assert_int_equal(cells_lookup(&t.cells, step), 0);
		assert_int_equal(cells_write(&t.cells, &(struct cells_change){ &next, ids }), 0);
		free(delta);
		ring_clear(&ring);
		ring_clear(&fresh);
		ring = next;
	}
	cells_release(&t.cells);
	spill_pool_reclaim(&t.pool);
	assert_int_equal(t.pool.free_count, t.pool.count);
	ring_clear(&ring);
	table_clear(&t);
}

/* One backend's change writes no more than the cells of its own arcs. */
static void a_change_touches_only_its_own_cells(void **state)
{
	static struct ring_node nodes[100];
	static uint16_t ids[100];
	struct ring ring, next;
	struct ring_point *delta;
	size_t delta_count;
	struct table t;
	long written, touched = 0;

	(void)state;
	numbered(nodes, 100, 150);
	for (int i = 0; i < 100; i++)
		ids[i] = i + 1;
	assert_int_equal(ring_new(nodes, 100, &ring), 0);
	table_new(&t, bits_for(&ring));
	assert_true(cells_write(&t.cells, &(struct cells_change){ &ring, ids }) > 0);
	nodes[41].points = 0;
	assert_int_equal(ring_update(&ring, nodes, 100, &next, &delta, &delta_count), 0);
	assert_int_equal(delta_count, 150);
	uint64_t *before = malloc(8ull << t.cells.bits);

	memcpy(before, t.cells.words, 8ull << t.cells.bits);
	written = cells_update(&t.cells, &(struct cells_change){ &next, ids }, delta, delta_count);
	for (size_t c = 0; c < (size_t)1 << t.cells.bits; c++)
		touched += before[c] != t.cells.words[c];
	assert_int_equal(written, touched);
	/* 1% of the circle and the cell behind each of 150 arcs */
	assert_in_range(written, 150, (1 << t.cells.bits) / 80 + 2 * 150);
	free(before);
	free(delta);
	ring_clear(&ring);
	ring_clear(&next);
	table_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_file_is_reproduced),
		cmocka_unit_test(shares_are_exact),
		cmocka_unit_test(moved_shares_are_exact),
		cmocka_unit_test(lesser_name_keeps_a_shared_position),
		cmocka_unit_test(a_key_belongs_to_the_point_strictly_behind_it),
		cmocka_unit_test(weights_become_points_half_up),
		cmocka_unit_test(cells_equal_the_ring_for_every_size),
		cmocka_unit_test(buckets_are_enough_for_the_cells),
		cmocka_unit_test(updates_equal_a_build_from_nothing),
		cmocka_unit_test(a_change_touches_only_its_own_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
