// SPDX-License-Identifier: GPL-2.0-or-later
#include "costs.h"

#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "core/model/model.h"
#include "driver.h"
#include "object.h"
#include "stats.h"
#include "steps.h"
#include "world.h"

#define BACKENDS 100
#define LOOP_REPEAT 64
#define NODES 1000
#define CHANGES 200
#define BUILDS 5
#define SERVICES 512
#define SERVICE_BACKENDS 16

enum { NONE, RING, ARRAY, PACKED, LOOPS };

/* ---- lookups ---- */

static uint32_t random32(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Filled at random; how Maglev fills it would cost a lookup the same. */
static void fill_array(uint64_t *slots, uint16_t *packed)
{
	uint32_t state = 1;

	for (int i = 0; i < ARRAY_SLOTS; i++)
		slots[i] = packed[i] = random32(&state) % BACKENDS;
}

static double loop_run(int program, struct lookups *lookups)
{
	uint8_t frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = frame,
		.data_size_in = sizeof(frame),
		.repeat = LOOP_REPEAT);

	lookups->elapsed_ns = 0;
	if (bpf_prog_test_run_opts(program, &opts))
		fail("lookups: %s", strerror(errno));
	return (double)lookups->elapsed_ns / (LOOP_REPEAT * LOOKUPS);
}

static void run_lookups(const char *directory, unsigned rounds, struct costs *ret)
{
	static double loop[LOOPS][SAMPLES_MAX], ring[SAMPLES_MAX], array[SAMPLES_MAX],
		packed[SAMPLES_MAX], ratio[SAMPLES_MAX];
	struct lookups *lookups;
	struct bpf_object *obj;
	int program[LOOPS];
	struct world world;
	char path[4096];
	struct served service = {
		.mode = MODE_IPIP,
		.family = AF_INET,
		.to_family = AF_INET,
		.backend_count = BACKENDS,
	};

	snprintf(path, sizeof(path), "%s/lookup.bpf.o", directory);
	obj = object_load(path);
	world_fill(obj, &world);
	world_serve(&world, &service);
	fill_array(object_memory(obj, "array", ARRAY_SLOTS * sizeof(uint64_t)),
		   object_memory(obj, "packed", ARRAY_SLOTS * sizeof(uint16_t)));
	lookups = object_memory(obj, ".bss", sizeof(*lookups));
	lookups->base = service.cells.words - world.cells;
	lookups->shift = 32 - service.cells.bits;
	lookups->random = 1;
	program[NONE] = object_program(obj, "bench_lookup_none");
	program[RING] = object_program(obj, "bench_lookup_ring");
	program[ARRAY] = object_program(obj, "bench_lookup_array");
	program[PACKED] = object_program(obj, "bench_lookup_packed");
	for (unsigned i = 0; i < rounds; i++) {
		for (int j = 0; j < LOOPS; j++)
			loop[j][i] = loop_run(program[j], lookups);
		ring[i] = loop[RING][i] - loop[NONE][i];
		array[i] = loop[ARRAY][i] - loop[NONE][i];
		packed[i] = loop[PACKED][i] - loop[NONE][i];
		ratio[i] = ring[i] / array[i];
	}
	ret->ring_ns = stats_median(ring, rounds);
	ret->array_ns = stats_median(array, rounds);
	ret->packed_ns = stats_median(packed, rounds);
	ret->lookup_ratio = stats_median(ratio, rounds);
	ret->lookup_ratio_min =
		(stats_minimum(loop[RING], rounds) - stats_minimum(loop[NONE], rounds)) /
		(stats_minimum(loop[ARRAY], rounds) - stats_minimum(loop[NONE], rounds));
}

/* ---- changes of a ring ---- */

static void build_once(struct world *world, const uint16_t *ids, struct ring *ring,
		       struct cells *cells, double *ret_ms)
{
	uint64_t start = clock_ns();
	long written;

	world_ring(NODES, VNODES_DEFAULT, ring);
	*cells = (struct cells){
		.words = world->cells + world->cells_used,
		.bits = cells_bits(ring->point_count),
		.spills = &world->spills,
	};
	written = cells_write(cells, &(struct cells_change){ ring, ids });
	if (written < 0)
		fail("cells: %s", strerror(-written));
	*ret_ms = (clock_ns() - start) / 1e6;
	world->cells_used += 2u << cells->bits;
}

/* As the daemon does it between its flush and the last cell. */
static void change_once(struct cells *cells, struct ring *ring, const uint16_t *ids,
			uint32_t *random, double *ret_ms)
{
	struct ring_node nodes[NODES];
	struct ring_point *delta;
	struct ring next;
	size_t count;
	uint64_t start;
	long written;

	memcpy(nodes, ring->nodes, sizeof(nodes));
	nodes[random32(random) % NODES].points = 1 + random32(random) % (2 * VNODES_DEFAULT);
	start = clock_ns();
	if (ring_update(ring, nodes, NODES, &next, &delta, &count))
		fail("out of memory");
	written = cells_update(cells, &(struct cells_change){ &next, ids }, delta, count);
	*ret_ms = (clock_ns() - start) / 1e6;
	if (written < 0)
		fail("cells: %s", strerror(-written));
	free(delta);
	ring_clear(ring);
	*ring = next;
	spill_pool_reclaim(cells->spills);
}

static void run_changes(const char *object, struct costs *ret)
{
	double build[BUILDS], change[CHANGES];
	uint16_t ids[NODES];
	uint32_t random = 1;
	struct world world;
	struct cells cells;
	struct ring ring = {};

	world_open(object, &world);
	for (int i = 0; i < NODES; i++)
		ids[i] = i + 1;
	for (int i = 0; i < BUILDS; i++) {
		ring_clear(&ring);
		build_once(&world, ids, &ring, &cells, &build[i]);
	}
	for (int i = 0; i < CHANGES; i++) {
		change_once(&cells, &ring, ids, &random, &change[i]);
		ret->change_max_ms = change[i] > ret->change_max_ms ? change[i] :
								       ret->change_max_ms;
	}
	if (cells_write(&cells, &(struct cells_change){ &ring, ids }) != 0)
		fail("cells: not those of the ring after %d changes", CHANGES);
	ret->build_ms = stats_median(build, BUILDS);
	ret->build_min_ms = stats_minimum(build, BUILDS);
	ret->change_ms = stats_median(change, CHANGES);
	ret->change_min_ms = stats_minimum(change, CHANGES);
	ring_clear(&ring);
	world_close(&world);
}

/* ---- instructions of the common packet ---- */

static void run_steps(const char *object, struct costs *ret)
{
	struct served service = { .mode = MODE_IPIP, .family = AF_INET, .to_family = AF_INET,
				  .backend_count = BACKENDS, .ifindex = 1 };
	struct stream stream;
	struct steps steps;
	struct world world;

	world_open(object, &world);
	world_serve(&world, &service);
	world_publish(&world);
	traffic_stream(TRAFFIC_ONE, &service.vip, &stream);
	steps_count(&world, stream.frame, FRAME_BYTES, &steps);
	if (steps.verdict != XDP_TX)
		fail("the common packet: verdict %u", steps.verdict);
	ret->instructions = steps.instructions;
	ret->stack = steps.stack;
	world_close(&world);
}

/* ---- sizes ---- */

static void run_sizes(const char *object, struct costs *ret)
{
	struct world world;

	world_open(object, &world);
	for (int i = 0; i < SERVICES; i++) {
		struct served service = {
			.mode = MODE_IPIP,
			.family = AF_INET,
			.to_family = AF_INET,
			.backend_count = SERVICE_BACKENDS,
			.ifindex = 1,
		};

		world_serve(&world, &service);
	}
	world_publish(&world);
	ret->pins_mib = object_memlock(world.obj, "xring_pins") / (double)(1 << 20);
	ret->syns_mib = object_memlock(world.obj, "xring_syns") / (double)(1 << 20);
	/* The daemon gives each CPU a sketch. */
	ret->maps_mib = object_memlock(world.obj, NULL) / (double)(1 << 20) - ret->pins_mib -
			ret->syns_mib + sizeof(struct xring_heat) / (double)(1 << 20) *
			libbpf_num_possible_cpus();
	ret->verified = object_verified(world.obj);
	world_close(&world);
}

void costs_run(const char *directory, const char *object, unsigned rounds, struct costs *ret)
{
	*ret = (struct costs){};
	run_lookups(directory, rounds, ret);
	run_changes(object, ret);
	run_steps(object, ret);
	run_sizes(object, ret);
}
