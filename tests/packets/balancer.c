// SPDX-License-Identifier: GPL-2.0-or-later
#include "balancer.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xring/hash.h>

#include "base/util.h"
#include "core/hot/path.h"
#include "core/hot/pins.h"
#include "core/model/key_value.h"
#include "core/ring/moving_cells.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/vip/slots.h"
#include "core/vip/template.h"
#include "core/vip/vips.h"
#include "dp/heat.h"
#include "xring.skel.h"
#include "xring_drive.skel.h"

#define SPILLS (1u << 16)
#define FLOOD_CALL 1000000u		/* packets in one system call */

static const uint8_t vip_bytes[4] = { 10, 200, 1, 1 };

static void *memory(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at = mmap(NULL, (bytes + page - 1) / page * page, PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_map__fd(map), 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void memory_return(const struct bpf_map *map, void *at)
{
	munmap(at, (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map));
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN && !strstr(fmt, "skipping unrecognized") ?
	       vfprintf(stderr, fmt, args) : 0;
}

static void program_load(struct balancer *b, const struct balancer_size *size)
{
	struct bpf_map *map;

	b->skel = xring_bpf__open();
	assert_non_null(b->skel);
	bpf_object__for_each_map(map, b->skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(b->skel->maps.xring_cells, 2u << size->bits);
	bpf_map__set_max_entries(b->skel->maps.xring_spills, SPILLS);
	if (size->pins)
		bpf_map__set_max_entries(b->skel->maps.xring_pins, size->pins);
	b->skel->rodata->clock_stopped = 1;
	assert_int_equal(xring_bpf__load(b->skel), 0);
}

/*
 * A program that is attached natively is known to the kernel's dispatcher already: one that
 * is not costs two RCU grace periods, some 30 ms, each time it is run. Where there is no `ip`
 * it is only slower.
 */
static void drive_attach(struct balancer *b)
{
	static bool own;
	const struct bpf_program *programs[2] = { b->drive->progs.drive_listed,
						  b->drive->progs.drive_random };

	if (!own && !unshare(CLONE_NEWNET))
		own = !system("ip link add drive0 type veth peer name drive1 2>/dev/null");
	for (int i = 0; own && i < 2; i++)
		bpf_xdp_attach(if_nametoindex(i ? "drive1" : "drive0"),
			       bpf_program__fd(programs[i]), XDP_FLAGS_DRV_MODE, NULL);
}

static void drive_load(struct balancer *b)
{
	int fd = bpf_program__fd(b->skel->progs.xring);
	uint32_t zero = 0;

	b->drive = xring_drive__open_and_load();
	assert_non_null(b->drive);
	b->drive->bss->drive.random = 0x9e3779b97f4a7c15;
	drive_attach(b);
	b->packets = memory(b->drive->maps.packets);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(b->drive->maps.tested), &zero, &fd,
					     BPF_ANY), 0);
}

static void backends_fill(struct balancer *b)
{
	for (unsigned id = 1; id <= BALANCER_NODES; id++)
		b->backends[id].t[0] = (struct xring_template){
			.ifindex = 1, .mtu = 1500, .kind = XRING_L2, .generation = 1,
			.eth = { 2, 0, 0, 0, id >> 8, id } };
}

static void vip_publish(struct balancer *b, const struct balancer_size *size)
{
	struct vip vip = { { AF_INET, {} }, 80, IPPROTO_TCP };
	struct service s = { .vips = &vip, .vip_count = 1, .mode = MODE_L2,
			     .tcp_idle_ms = BALANCER_TCP_IDLE,
			     .udp_idle_ms = BALANCER_UDP_IDLE,
			     .key.kind = size->key, .bound = size->bound };
	struct slot_ring ring = { 0, 32 - b->cells.bits, BALANCER_NUMBER };
	struct xring_slot slot = {};
	uint32_t seed;

	memcpy(vip.address.bytes, vip_bytes, sizeof(vip_bytes));
	slots_fill(&s, &ring, &slot);
	assert_int_equal(vips_build(b->vips->slot, &slot, 1, &seed), 0);
	b->config->vips = seed;
}

static void clock_set(struct balancer *b, uint64_t ms)
{
	b->now_ms = ms;
	b->config->clock = ms * 1000000;
}

struct balancer *balancer_new(const struct balancer_size *size)
{
	static const uint8_t key[HASH_KEY_BYTES] = { 3, 2, 1 };
	struct balancer *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	libbpf_set_print(quiet);
	program_load(b, size);
	drive_load(b);
	b->vips = memory(b->skel->maps.xring_vips);
	b->config = &b->vips->config;
	b->backends = memory(b->skel->maps.xring_templates);
	b->cells = (struct cells){
		.words = memory(b->skel->maps.xring_cells),
		.since = calloc((size_t)1 << size->bits, sizeof(uint32_t)),
		.bits = size->bits,
		.spills = &b->spills,
	};
	assert_int_equal(spill_pool_new(memory(b->skel->maps.xring_spills), SPILLS, &b->spills), 0);
	hash_expand(key, (uint64_t *)b->config->hash_key);
	clock_set(b, 1000000);
	backends_fill(b);
	b->loads = memory(b->skel->maps.xring_loads);
	b->dp.cpus = libbpf_num_possible_cpus();
	assert_int_equal(heat_open(&b->dp, bpf_map__fd(b->skel->maps.xring_heat)), 0);
	vip_publish(b, size);
	return b;
}

void balancer_free(struct balancer *b)
{
	memory_return(b->drive->maps.packets, b->packets);
	memory_return(b->skel->maps.xring_spills, b->spills.buckets);
	memory_return(b->skel->maps.xring_cells, b->cells.words);
	memory_return(b->skel->maps.xring_loads, b->loads);
	for (unsigned cpu = 0; cpu < b->dp.heat_cpus; cpu++)
		munmap(b->dp.heat[cpu], sizeof(struct xring_heat));
	free(b->dp.heat);
	memory_return(b->skel->maps.xring_templates, b->backends);
	memory_return(b->skel->maps.xring_vips, b->vips);
	xring_drive__destroy(b->drive);
	xring_bpf__destroy(b->skel);
	spill_pool_clear(&b->spills);
	ring_clear(&b->ring);
	free(b->cells.since);
	free(b);
}

/* ---- changes ---- */

const char *balancer_node(size_t i)
{
	static char names[BALANCER_NODES][24];

	assert_in_range(i, 0, BALANCER_NODES - 1);
	snprintf(names[i], sizeof(names[i]), "n%zu", i);
	return names[i];
}

void balancer_change(struct balancer *b, const uint32_t *points, size_t count,
		     enum cells_how how)
{
	static uint16_t ids[BALANCER_NODES];
	struct ring_node nodes[BALANCER_NODES];
	struct ring_point *delta;
	size_t delta_count;
	struct ring next;

	assert_in_range(count, b->ring.node_count, BALANCER_NODES);
	for (size_t i = 0; i < count; i++) {
		const char *name = balancer_node(i);

		nodes[i] = (struct ring_node){ name, strlen(name), points[i] };
		ids[i] = i + 1;
	}
	assert_int_equal(ring_update(&b->ring, nodes, count, &next, &delta, &delta_count), 0);
	assert_true(cells_update(&b->cells, &(struct cells_change){ &next, ids, how,
								    b->now_ms / 100 },
				 delta, delta_count) >= 0);
	spill_pool_reclaim(&b->spills);
	ring_clear(&b->ring);
	b->ring = next;
	free(delta);
}

void balancer_age(struct balancer *b, uint32_t ms)
{
	struct moving_times times = { .window = BALANCER_UDP_IDLE / 100,
				     .settle = BALANCER_TCP_IDLE / 100 };
	struct cells_step step;

	clock_set(b, b->now_ms + ms);
	times.now = b->now_ms / 100;
	cells_settle(&b->cells, &times, &step);
	spill_pool_reclaim(&b->spills);
}

void balancer_alive(struct balancer *b)
{
	b->config->alive = b->now_ms * 1000000;
}

void balancer_alone(struct balancer *b, uint32_t ms)
{
	clock_set(b, b->now_ms + ms);
}

/* All keys of a map; *ret is to be freed. */
static size_t keys_read(int fd, uint32_t most, size_t bytes, uint8_t **ret)
{
	uint8_t *keys = calloc(most + 1, bytes);
	size_t count = 0;

	while (count < most && !bpf_map_get_next_key(fd, count ? keys + (count - 1) * bytes : NULL,
						     keys + count * bytes))
		count++;
	*ret = keys;
	return count;
}

static void walk_map(struct balancer *b, const struct bpf_map *map, uint8_t *needed)
{
	size_t bytes = bpf_map__key_size(map);
	uint8_t *keys;
	size_t count = keys_read(bpf_map__fd(map), bpf_map__max_entries(map), bytes, &keys);

	for (size_t i = 0; i < count; i++) {
		uint8_t *key = keys + i * bytes;
		struct xring_pin pin;
		enum pin_fate fate;

		assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(map), key, &pin), 0);
		fate = pin_judge(&b->cells, &(struct path){ pin.hash }, &pin,
				 pin.generation == b->backends[pin.backend].t[0].generation,
				 b->now_ms * 1000000, BALANCER_TCP_IDLE);
		if (fate == PIN_NEEDED)
			needed[cells_of(&b->cells, pin.hash)] = 1;
		else if (fate == PIN_GONE && map == b->skel->maps.xring_pins)
			bpf_map_delete_elem(bpf_map__fd(map), key);
	}
	free(keys);
}

void balancer_walk(struct balancer *b)
{
	uint8_t *needed = calloc(cells_count(&b->cells), 1);

	walk_map(b, b->skel->maps.xring_syns, needed);
	walk_map(b, b->skel->maps.xring_pins, needed);
	cells_look_clear(&b->cells, needed);
	free(needed);
}

/* ---- packets ---- */

struct drive_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

static void frame_fill(struct drive_frame *f)
{
	*f = (struct drive_frame){
		.eth.h_proto = htons(ETH_P_IP),
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
			.tot_len = htons(sizeof(f->ip) + sizeof(f->tcp)) },
		.tcp = { .doff = 5, .dest = htons(80) },
	};
	memcpy(&f->ip.daddr, vip_bytes, sizeof(vip_bytes));
}

/* Runs one of drive.bpf.c's programs that often; the last frame is left in *ret. */
static void run(struct balancer *b, const struct bpf_program *program, uint32_t count,
		struct drive_frame *ret)
{
	struct drive_frame in;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = &in,
		    .data_size_in = sizeof(in),
		    .data_out = ret,
		    .data_size_out = sizeof(*ret),
		    .repeat = count);

	frame_fill(&in);
	b->drive->bss->drive.step = 0;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
	assert_int_equal(b->drive->bss->drive.step, count);
	assert_int_equal(opts.retval, XDP_TX);
}

void balancer_send(struct balancer *b, uint32_t count)
{
	struct drive_frame last;

	assert_in_range(count, 1, DRIVE_PACKETS);
	run(b, b->drive->progs.drive_listed, count, &last);
	b->packets[count - 1].backend = last.eth.h_dest[4] << 8 | last.eth.h_dest[5];
}

void balancer_flood(struct balancer *b, uint8_t flags, uint64_t count)
{
	struct drive_frame last;

	b->drive->bss->drive.flags = flags;
	for (uint32_t part; count; count -= part) {
		part = count < FLOOD_CALL ? count : FLOOD_CALL;
		run(b, b->drive->progs.drive_random, part, &last);
	}
}

uint32_t balancer_hash(const struct balancer *b, const struct drive_packet *p)
{
	uint32_t vip;

	memcpy(&vip, vip_bytes, sizeof(vip));
	return hash_flow4((const __u64 *)b->config->hash_key, p->addr, vip,
			  XRING_PORTS(p->port, htons(80), IPPROTO_TCP));
}

/* ---- figures ---- */

struct xring_traffic balancer_traffic(const struct balancer *b, uint32_t id)
{
	struct xring_traffic values[64] = {}, sum = {};

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.xring_traffic), &id, values),
			 0);
	for (size_t cpu = 0; cpu < ARRAY_SIZE(values); cpu++) {
		sum.packets += values[cpu].packets;
		sum.flows += values[cpu].flows;
	}
	return sum;
}

void balancer_window(struct balancer *b, uint32_t window)
{
	b->config->window = window;
}

void balancer_tally(struct balancer *b, struct heat_tally *ret)
{
	assert_int_equal(heat_tally(b->dp.heat, b->dp.heat_cpus, ret), 0);
	for (unsigned cpu = 0; cpu < b->dp.heat_cpus; cpu++)
		memset(b->dp.heat[cpu]->word, 0, sizeof(b->dp.heat[cpu]->word));
}

void balancer_events(const struct balancer *b, uint64_t ret[XRING_EVENT_MAX])
{
	for (uint32_t i = 0; i < XRING_EVENT_MAX; i++) {
		uint64_t values[64] = {};

		assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.xring_events), &i,
						     values), 0);
		ret[i] = 0;
		for (size_t cpu = 0; cpu < ARRAY_SIZE(values); cpu++)
			ret[i] += values[cpu];
	}
}

static uint32_t entries(const struct bpf_map *map)
{
	uint8_t *keys;
	size_t count = keys_read(bpf_map__fd(map), 2 * bpf_map__max_entries(map),
				 bpf_map__key_size(map), &keys);

	free(keys);
	return count;
}

uint32_t balancer_pins(const struct balancer *b)
{
	return entries(b->skel->maps.xring_pins);
}

uint32_t balancer_syns(const struct balancer *b)
{
	return entries(b->skel->maps.xring_syns);
}

static uint64_t map_memory(const struct bpf_map *map)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(file);
	assert_true(bytes > 0);
	return bytes;
}

uint64_t balancer_memory(const struct balancer *b)
{
	uint64_t sum = 0;
	struct bpf_map *map;

	bpf_object__for_each_map(map, b->skel->obj)
		sum += map_memory(map);
	return sum;
}

uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

#define STEADY 20			/* nodes */
struct balancer *balancer_steady(uint32_t pins, uint32_t bound)
{
	struct balancer *b = balancer_new(&(struct balancer_size){ 14, pins, .bound = bound });
	uint32_t points[STEADY];

	for (int i = 0; i < STEADY; i++)
		points[i] = 150;
	balancer_change(b, points, STEADY, CELLS_CUT);
	balancer_alive(b);
	return b;
}

void balancer_half(struct balancer *b)
{
	uint32_t points[STEADY + STEADY / 2];

	for (int i = 0; i < STEADY + STEADY / 2; i++)
		points[i] = i < STEADY / 2 ? 0 : 150;
	balancer_change(b, points, ARRAY_SIZE(points), CELLS_KEEP);
}
