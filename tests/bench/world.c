// SPDX-License-Identifier: GPL-2.0-or-later
#include "world.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/model/model.h"
#include "core/vip/vips.h"
#include "object.h"
#include "stats.h"

#define NODES_MAX 10000
#define RUN_IDLE_MS 3600000		/* no pin of a run expires */
#define ENTRIES_MAX XRING_VIPS_MAX

struct address world_address(int family, enum address_kind kind, uint16_t i)
{
	static const uint8_t prefix[][2] = {
		[ADDRESS_VIP] = { 198, 18 },
		[ADDRESS_BACKEND] = { 198, 19 },
		[ADDRESS_OWN] = { 192, 0 },
	};
	const uint8_t four[4] = { prefix[kind][0], prefix[kind][1], i >> 8, i };
	const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, kind, [14] = i >> 8, i };
	struct address a = { .family = family };

	if (family == AF_INET)
		memcpy(a.bytes, four, sizeof(four));
	else
		memcpy(a.bytes, six, sizeof(six));
	return a;
}

void world_fill(struct bpf_object *obj, struct world *ret)
{
	static const uint8_t hash_key[HASH_KEY_BYTES] = "xring's benches";
	struct xring_spill *spills;

	*ret = (struct world){
		.obj = obj,
		.cells_max = bpf_map__max_entries(bpf_object__find_map_by_name(obj, "xring_cells")),
		.vips = object_memory(obj, "xring_vips", sizeof(*ret->vips)),
		.cells = object_memory(obj, "xring_cells", XRING_CELLS * sizeof(*ret->cells)),
		.backends = object_memory(obj, "xring_templates",
					  XRING_BACKENDS * sizeof(*ret->backends)),
		.counters = object_map(obj, "xring_counters"),
		.traffic = object_map(obj, "xring_traffic"),
		.events = object_map(obj, "xring_events"),
		.ids_used = 1,			/* 0 is no backend */
		.entries = calloc(ENTRIES_MAX, sizeof(*ret->entries)),
	};
	spills = object_memory(obj, "xring_spills", XRING_SPILLS * sizeof(*spills));
	if (!ret->entries || spill_pool_new(spills, XRING_SPILLS, &ret->spills))
		fail("out of memory");
	ret->config = &ret->vips->config;
	hash_expand(hash_key, (uint64_t *)ret->config->hash_key);
}

void world_open(const char *path, struct world *ret)
{
	world_fill(object_load(path), ret);
	ret->program = object_program(ret->obj, "xring");
}

void world_close(struct world *world)
{
	spill_pool_clear(&world->spills);
	free(world->entries);
	bpf_object__close(world->obj);
}

static void ring_of(const uint32_t *vnodes, uint32_t nodes, struct ring *ret)
{
	static char names[NODES_MAX][8];
	static struct ring_node table[NODES_MAX];

	for (uint32_t i = 0; i < nodes; i++) {
		int len = snprintf(names[i], sizeof(names[i]), "b%u", i);

		table[i] = (struct ring_node){ names[i], len, vnodes[i] };
	}
	if (ring_new(table, nodes, ret))
		fail("out of memory");
}

void world_ring(uint32_t nodes, uint32_t vnodes, struct ring *ret)
{
	uint32_t each[NODES_MAX];

	if (nodes > NODES_MAX)
		fail("%u nodes: want at most %u", nodes, NODES_MAX);
	for (uint32_t i = 0; i < nodes; i++)
		each[i] = vnodes;
	ring_of(each, nodes, ret);
}

static void write_ring(struct served *service, const struct ring *ring, enum cells_how how)
{
	static uint16_t ids[NODES_MAX];
	long written;

	for (uint32_t i = 0; i < service->backend_count; i++)
		ids[i] = service->ids + i;
	written = cells_write(&service->cells, &(struct cells_change){ ring, ids, how, 1 });
	if (written < 0)
		fail("cells: %s", strerror(-written));
}

void world_change(struct served *service, uint32_t leaving, uint32_t vnodes)
{
	uint32_t each[NODES_MAX], stay = service->backend_count - service->joining;
	struct ring ring;

	for (uint32_t i = 0; i < service->backend_count; i++)
		each[i] = i < leaving ? 0 : i < stay ? VNODES_DEFAULT : vnodes;
	ring_of(each, service->backend_count, &ring);
	service->cells.since = calloc(cells_count(&service->cells), sizeof(uint32_t));
	if (!service->cells.since)
		fail("out of memory");
	write_ring(service, &ring, CELLS_KEEP);
	ring_clear(&ring);
}

static void serve_ring(struct world *world, struct served *service)
{
	struct ring ring;

	world_ring(service->backend_count - service->joining, VNODES_DEFAULT, &ring);
	service->cells = (struct cells){
		.words = world->cells + world->cells_used,
		.bits = cells_bits(ring.point_count),
		.spills = &world->spills,
	};
	while (!cells_fit(&ring, service->cells.bits))
		service->cells.bits++;
	world->cells_used += 2u << service->cells.bits;
	if (world->cells_used > world->cells_max)
		fail("%u cells: want at most %u", world->cells_used, world->cells_max);
	write_ring(service, &ring, CELLS_CUT);
	ring_clear(&ring);
}

static struct address backend_address(const struct served *service, uint32_t i)
{
	return world_address(service->to_family, ADDRESS_BACKEND, service->ids + i);
}

/* Each backend has a MAC address of its own, so that frames tell where they go. */
static void serve_backends(struct world *world, struct served *service)
{
	for (uint32_t i = 0; i < service->backend_count; i++) {
		struct address to = backend_address(service, i);
		uint32_t id = service->ids + i;
		struct next_hop hop = {
			.ifindex = service->ifindex,
			.mtu = 1500,
			.mac = { 2, 0, 0, 0, id >> 8, id },
			.own_mac = { 2, 0, 0, 1, 0, 1 },
			.source = world_address(service->to_family, ADDRESS_OWN, 0x201),
		};

		template_fill(service->mode, &to, service->mode == MODE_NAT ? 8080 : 0, &hop,
			      &world->backends[id].t[0]);
		world->backends[id].t[0].generation = 1;
	}
}

static struct xring_slot *new_entry(struct world *world)
{
	if (world->entry_count == ENTRIES_MAX)
		fail("%u entries in the VIP table are the most", ENTRIES_MAX);
	return &world->entries[world->entry_count++];
}

static void serve_vip(struct world *world, struct served *service)
{
	struct xring_slot *slot = new_entry(world);
	struct key key = { .kind = KEY_FLOW };

	slot_address(&service->vip, WORLD_PORT, IPPROTO_TCP,
		     service->family == AF_INET ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6,
		     slot);
	slot_set_key(&key, service->family, slot);
	slot->ring_base = service->cells.words - world->cells;
	slot->ring_shift = 32 - service->cells.bits;
	slot->tcp_idle = RUN_IDLE_MS;
}

static void serve_replies(struct world *world, const struct served *service)
{
	for (uint32_t i = 0; i < service->backend_count; i++) {
		struct address from = backend_address(service, i);
		struct xring_slot *slot = new_entry(world);

		slot_address(&from, 8080, IPPROTO_TCP,
			     service->family == AF_INET ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6,
			     slot);
		memcpy(slot->vip_addr, service->vip.bytes, sizeof(slot->vip_addr));
		slot->vip_port = htons(WORLD_PORT);
	}
}

void world_serve(struct world *world, struct served *service)
{
	service->ids = world->ids_used;
	world->ids_used += service->backend_count;
	if (world->ids_used > XRING_BACKENDS)
		fail("%u backends: want fewer than %u", world->ids_used, XRING_BACKENDS);
	service->vip = world_address(service->family, ADDRESS_VIP, world->entry_count);
	serve_ring(world, service);
	serve_backends(world, service);
	serve_vip(world, service);
	if (service->mode == MODE_NAT)
		serve_replies(world, service);
}

void world_publish(struct world *world)
{
	uint64_t own_mac = 0;
	uint32_t seed;

	if (vips_build(world->vips->slot, world->entries, world->entry_count, &seed))
		fail("VIP table: %zu entries do not fit", world->entry_count);
	memcpy(&own_mac, WORLD_MAC, ETH_ALEN);
	world->config->macs[0] = XRING_MAC_WORD(own_mac);
	__atomic_store_n(&world->config->vips, (uint64_t)seed, __ATOMIC_RELEASE);
}

void world_replies(struct world *world, bool on)
{
	uint64_t vips = world->config->vips & ~XRING_VIPS_REPLIES;

	__atomic_store_n(&world->config->vips, vips | (on ? XRING_VIPS_REPLIES : 0),
			 __ATOMIC_RELEASE);
}

static void read_counters(int map, uint32_t count, uint64_t *ret)
{
	int cpus = cpu_count();
	uint64_t each[cpus];

	for (uint32_t i = 0; i < count; i++) {
		ret[i] = 0;
		if (bpf_map_lookup_elem(map, &i, each))
			fail("counter %u cannot be read", i);
		for (int cpu = 0; cpu < cpus; cpu++)
			ret[i] += each[cpu];
	}
}

void world_counters(const struct world *world, uint64_t ret[XRING_CNT_MAX])
{
	read_counters(world->counters, XRING_CNT_MAX, ret);
}

void world_events(const struct world *world, uint64_t ret[XRING_EVENT_MAX])
{
	read_counters(world->events, XRING_EVENT_MAX, ret);
}

uint64_t world_packets(const struct world *world, const struct served *service)
{
	int cpus = cpu_count();
	struct xring_traffic each[cpus];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < service->backend_count; i++) {
		uint32_t id = service->ids + i;

		if (bpf_map_lookup_elem(world->traffic, &id, each))
			fail("traffic of backend %u cannot be read", id);
		for (int cpu = 0; cpu < cpus; cpu++)
			sum += each[cpu].packets;
	}
	return sum;
}
