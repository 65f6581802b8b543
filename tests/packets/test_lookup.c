// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The proof that the kernel answers as the ring does: ten million random hashes
 * and every edge of every split cell, for rings of 1 to 1,000 backends, as built
 * and after changes in place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/ring/cells.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "lookup.h"
#include "xring_lookup.skel.h"

#define NODES 1000
#define CELLS (1u << 20)
#define SPILLS (1u << 16)
#define RANDOM 10000000u

struct kernel {
	struct xring_lookup *skel;
	struct lookup_batch *batch;
	struct cells cells;
	struct spill_pool spills;
	uint32_t expected[LOOKUP_BATCH];
	unsigned count;			/* hashes in the batch */
	uint64_t asked;
};

static char names[NODES][16];
static struct ring_node nodes[NODES];
static uint16_t ids[NODES];
static uint64_t lookups = RANDOM;

static void *memory(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at = mmap(NULL, (bytes + page - 1) / page * page, PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_map__fd(map), 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void kernel_open(struct kernel *k)
{
	struct bpf_map *map;

	*k = (struct kernel){ .skel = xring_lookup__open() };
	assert_non_null(k->skel);
	bpf_object__for_each_map(map, k->skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(k->skel->maps.xring_cells, 2 * CELLS);
	bpf_map__set_max_entries(k->skel->maps.xring_spills, SPILLS);
	assert_int_equal(xring_lookup__load(k->skel), 0);
	k->batch = memory(k->skel->maps.batches);
	assert_int_equal(spill_pool_new(memory(k->skel->maps.xring_spills), SPILLS, &k->spills), 0);
	/* Not at the map's beginning: the base counts too. */
	k->cells = (struct cells){ .words = (uint64_t *)memory(k->skel->maps.xring_cells) + CELLS,
				   .spills = &k->spills };
	k->batch->base = CELLS;
}

static void kernel_close(struct kernel *k)
{
	spill_pool_clear(&k->spills);
	xring_lookup__destroy(k->skel);
}

static void kernel_answer(struct kernel *k)
{
	uint8_t frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));

	k->batch->shift = 32 - k->cells.bits;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(k->skel->progs.lookup), &opts), 0);
	for (unsigned i = 0; i < k->count; i++)
		if (k->batch->answer[i] != k->expected[i])
			fail_msg("hash %u: the kernel says %u, the ring %u", k->batch->hash[i],
				 k->batch->answer[i], k->expected[i]);
	k->asked += k->count;
	k->count = 0;
}

static void kernel_ask(struct kernel *k, uint32_t hash, uint32_t expected)
{
	k->batch->hash[k->count] = hash;
	k->expected[k->count++] = expected;
	if (k->count == LOOKUP_BATCH)
		kernel_answer(k);
}

static void compare(struct kernel *k, const struct ring *ring, uint64_t random)
{
	uint64_t x = 0x9e3779b97f4a7c15ULL;

	for (uint64_t i = 0; i < random; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		kernel_ask(k, x, ids[ring->points[ring_owner(ring, x)].node]);
	}
	/* Every split, and every cell's own edges. */
	for (size_t i = 0; i < ring->point_count; i++)
		for (int d = -1; d <= 1; d++) {
			uint32_t hash = ring->points[i].position + d;

			kernel_ask(k, hash, ids[ring->points[ring_owner(ring, hash)].node]);
		}
	for (uint64_t c = 0; c < 1ULL << k->cells.bits; c++)
		for (int d = -1; d <= 1; d++) {
			uint32_t hash = (uint32_t)(c << (32 - k->cells.bits)) + d;

			kernel_ask(k, hash, ids[ring->points[ring_owner(ring, hash)].node]);
		}
	kernel_answer(k);
}

static void numbered(size_t count)
{
	for (size_t i = 0; i < NODES; i++) {
		int len = snprintf(names[i], sizeof(names[i]), "node-%u", (unsigned)i + 1);

		nodes[i] = (struct ring_node){ names[i], len, i < count ? 150 : 0 };
		ids[i] = 32766 - i;	/* up to the largest id there is */
	}
}

static void prove(size_t count)
{
	struct kernel k;
	struct ring ring, changed;
	struct ring_point *delta;
	size_t delta_count;

	kernel_open(&k);
	numbered(count);
	assert_int_equal(ring_new(nodes, NODES, &ring), 0);
	/* As few cells as can be: some have splits in two buckets. */
	k.cells.bits = CELLS_BITS_MIN;
	while (!cells_fit(&ring, k.cells.bits))
		k.cells.bits++;
	assert_true(cells_write(&k.cells, &(struct cells_change){ &ring, ids }) > 0);
	compare(&k, &ring, lookups);
	assert_true(k.asked > lookups + 3 * ring.point_count);

	/* One weight changes in place: nothing else does. */
	nodes[0].points = 99;
	assert_int_equal(ring_update(&ring, nodes, NODES, &changed, &delta, &delta_count), 0);
	assert_true(cells_update(&k.cells, &(struct cells_change){ &changed, ids }, delta, delta_count) >= 0);
	compare(&k, &changed, lookups / 10);
	print_message("%zu backends: %llu hashes\n", count, (unsigned long long)k.asked);
	free(delta);
	ring_clear(&ring);
	ring_clear(&changed);
	kernel_close(&k);
}

static void the_kernel_answers_as_a_ring_of_1_backend(void **state)
{
	(void)state;
	prove(1);
}

static void the_kernel_answers_as_a_ring_of_2_backends(void **state)
{
	(void)state;
	prove(2);
}

static void the_kernel_answers_as_a_ring_of_3_backends(void **state)
{
	(void)state;
	prove(3);
}

static void the_kernel_answers_as_a_ring_of_100_backends(void **state)
{
	(void)state;
	prove(100);
}

static void the_kernel_answers_as_a_ring_of_1000_backends(void **state)
{
	(void)state;
	prove(1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_answers_as_a_ring_of_1_backend),
		cmocka_unit_test(the_kernel_answers_as_a_ring_of_2_backends),
		cmocka_unit_test(the_kernel_answers_as_a_ring_of_3_backends),
		cmocka_unit_test(the_kernel_answers_as_a_ring_of_100_backends),
		cmocka_unit_test(the_kernel_answers_as_a_ring_of_1000_backends),
	};
	const char *fewer = getenv("XRING_LOOKUPS");

	if (fewer)
		lookups = strtoull(fewer, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
