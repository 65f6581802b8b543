// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory_maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xring/lpm.h>

#include "base/why.h"
#include "core/hot/entries.h"
#include "daemon/live/hot_keys.h"
#include "daemon/net/abilities.h"
#include "daemon/net/addresses.h"
#include "daemon/net/devices.h"
#include "daemon/net/nexthop.h"
#include "daemon/net/received.h"
#include "daemon/net/stack_ask.h"
#include "daemon/net/sysctls.h"
#include "dp/asks.h"
#include "dp/interfaces.h"
#include "dp/drops.h"
#include "dp/samples.h"
#include "dp/tell/tell.h"
#include "dp/lost.h"
#include "dp/macs.h"
#include "dp/vlans.h"
#include "dp/pass.h"
#include "dp/pins.h"
#include "dp/read.h"
#include "dp/write.h"

/* ---- the memory ---- */

struct part {
	const char *name;
	void **at;
	size_t size;
};

#define PARTS 19

/* All that lies in the block, each part on pages of its own. */
static void parts_of(struct memory *m, struct part ret[PARTS])
{
	struct dp *dp = &m->maps;
	const struct part parts[PARTS] = {
		{ "vips", (void **)&dp->vips, sizeof(*dp->vips) },
		{ "shapes", (void **)&dp->shapes, 2 * XRING_SHAPES * sizeof(*dp->shapes) },
		{ "layout", (void **)&dp->layout, sizeof(*dp->layout) },
		{ "cells", (void **)&dp->cells, dp->cell_count * sizeof(*dp->cells) },
		{ "spills", (void **)&dp->spills, dp->spill_count * sizeof(*dp->spills) },
		{ "backends", (void **)&dp->backends, dp->backend_count * sizeof(*dp->backends) },
		{ "owners", (void **)&dp->owners, dp->backend_count * sizeof(*dp->owners) },
		{ "loads", (void **)&dp->loads, dp->backend_count * sizeof(*dp->loads) },
		{ "classes", (void **)&dp->classes, XRING_CLASSES * sizeof(*dp->classes) },
		{ "lines", (void **)&dp->lines, dp->line_count * sizeof(*dp->lines) },
		{ "places", (void **)&dp->places, dp->backend_count * sizeof(*dp->places) },
		{ "routes", (void **)&dp->routes, XRING_ROUTES * sizeof(*dp->routes) },
		{ "hot", (void **)&dp->hot, XRING_HOT_BUCKETS * sizeof(*dp->hot) },
		{ "traffic", (void **)&m->traffic, dp->backend_count * sizeof(*m->traffic) },
		{ "placed", (void **)&m->placed, XRING_PLACED * sizeof(*m->placed) },
		{ "since", (void **)&dp->since, dp->cell_count / 2 * sizeof(*dp->since) },
		{ "keys", (void **)&dp->keys, HOT_PLACES * sizeof(*dp->keys) },
		{ "received", (void **)&dp->received, XRING_RECEIVED * sizeof(*dp->received) },
		{ "clock", (void **)&m->now, sizeof(*m->now) },
	};

	memcpy(ret, parts, sizeof(parts));
}

/* Shared, so that no page table of it is copied for a child. */
static void *shared_memory(size_t size)
{
	void *ret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ret == MAP_FAILED)
		abort();
	return ret;
}

static size_t pages(size_t size)
{
	return (size + 4095) / 4096 * 4096;
}

struct memory *memory_new(const struct dp_options *options)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct part parts[PARTS];
	size_t at = 0;

	m->maps.cell_count = options->cells;
	m->maps.spill_count = XRING_SPILLS_FOR(options->cells);
	m->maps.backend_count = options->backends;
	m->maps.line_count = XRING_LINE_ROOTS + options->lines;
	parts_of(m, parts);
	for (int i = 0; i < PARTS; i++)
		m->size += pages(parts[i].size);
	m->block = shared_memory(m->size);
	for (int i = 0; i < PARTS; i++) {
		*parts[i].at = (uint8_t *)m->block + at;
		at += pages(parts[i].size);
	}
	m->maps.config = &m->maps.vips->config;
	return m;
}

void memory_free(struct memory *m)
{
	munmap(m->block, m->size);
	free(m);
}

/* Most pages are as they were: only the others are written. */
static void pages_copy(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t at = 0; at < size; at += 4096)
		if (memcmp(to + at, from + at, 4096))
			memcpy(to + at, from + at, 4096);
}

void *memory_copy(const struct memory *m, void *to)
{
	to = to ?: shared_memory(m->size);
	pages_copy(to, m->block, m->size);
	return to;
}

void memory_restore(struct memory *m, const void *copy)
{
	pages_copy(m->block, copy, m->size);
}

const char *memory_difference(const struct memory *m, const void *copy, bool vips)
{
	static char text[64];
	struct part parts[PARTS];

	parts_of((struct memory *)m, parts);
	for (int i = vips ? 0 : 2; i < PARTS; i++) {	/* it and its shapes are the first */
		const uint8_t *now = *parts[i].at;
		const uint8_t *was = (const uint8_t *)copy + (now - (const uint8_t *)m->block);
		size_t at = 0;

		if (!memcmp(now, was, parts[i].size))
			continue;
		while (now[at] == was[at])
			at++;
		snprintf(text, sizeof(text), "%s, byte %zu", parts[i].name, at);
		return text;
	}
	return NULL;
}

/* ---- dp/dp.h ---- */

struct memory_dp {
	struct dp dp;
	struct memory *memory;
};

static struct memory *offered;

static struct memory *memory_of(const struct dp *dp)
{
	return ((const struct memory_dp *)dp)->memory;
}

struct dp *memory_dp(struct memory *m)
{
	struct memory_dp *mine = calloc(1, sizeof(*mine));

	mine->memory = m;
	mine->dp = m->maps;
	mine->dp.epoch = 1;
	mine->dp.cpus = 1;
	mine->dp.abi_found = m->maps.layout->abi;
	mine->dp.adopted = m->maps.layout->abi;
	mine->dp.fresh_fd = -1;
	mine->dp.template_epoch = calloc(m->maps.backend_count, sizeof(uint64_t));
	return &mine->dp;
}

void memory_dp_close(struct dp *dp)
{
	if (dp->heat)
		free(dp->heat[0]);
	free(dp->heat);
	free(dp->template_epoch);
	free(dp);
}

void memory_offer(struct memory *m)
{
	offered = m;
}

int dp_open(const struct dp_options *options, struct dp **ret)
{
	(void)options;
	*ret = memory_dp(offered);
	(*ret)->fresh_fd = 0;		/* a program that waits for its take-over */
	(*ret)->heat = calloc(1, sizeof(*(*ret)->heat));
	(*ret)->heat[0] = calloc(1, sizeof(*(*ret)->heat[0]));
	(*ret)->heat_cpus = 1;
	return 0;
}

int dp_take_over(struct dp *dp)
{
	dp->fresh_fd = -1;
	memory_of(dp)->takeovers++;
	return 0;
}

void dp_close(struct dp *dp)
{
	memory_dp_close(dp);
}

/* ---- dp/write.h, of which dp/write.c is the rest ---- */

/* There is no packet. */
void dp_grace(struct dp *dp)
{
	memory_of(dp)->graces++;
	dp->epoch++;
}

/* ---- dp/read.h ---- */

int dp_counters_read(const struct dp *dp, uint64_t ret[XRING_CNT_MAX])
{
	(void)dp;
	memset(ret, 0, XRING_CNT_MAX * sizeof(*ret));
	return 0;
}

int dp_counters_busiest(const struct dp *dp, uint64_t *ret)
{
	(void)dp;
	*ret = 0;
	return 0;
}

int dp_events_read(const struct dp *dp, uint64_t ret[XRING_EVENT_MAX])
{
	(void)dp;
	memset(ret, 0, XRING_EVENT_MAX * sizeof(*ret));
	return 0;
}

int dp_traffic_read_many(const struct dp *dp, uint16_t first, uint32_t count,
			 struct xring_traffic *ret)
{
	memcpy(ret, memory_of(dp)->traffic + first, count * sizeof(*ret));
	return 0;
}

int dp_traffic_read(const struct dp *dp, uint16_t id, struct xring_traffic *ret)
{
	return dp_traffic_read_many(dp, id, 1, ret);
}

int dp_traffic_clear(const struct dp *dp, uint16_t id)
{
	memory_of(dp)->traffic[id] = (struct xring_traffic){};
	return 0;
}

int dp_placed_read(const struct dp *dp, uint32_t first, uint32_t count, struct xring_placed *ret)
{
	memcpy(ret, memory_of(dp)->placed + first, count * sizeof(*ret));
	return 0;
}

int dp_placed_clear(const struct dp *dp, uint32_t first, uint32_t count)
{
	memset(memory_of(dp)->placed + first, 0, count * sizeof(struct xring_placed));
	return 0;
}

int dp_homes_take(const struct dp *dp,
		  void (*each)(void *context, const struct xring_home_key *key,
			       const struct xring_home *home), void *context)
{
	(void)dp, (void)each, (void)context;
	return 0;
}

/* ---- dp/lost.h ---- */

int dp_drops_read(const struct dp *dp, struct dp_drop **ret, size_t *ret_count)
{
	(void)dp;
	*ret = NULL;
	*ret_count = 0;
	return 0;
}

/* ---- dp/samples.h ---- */

struct xring_sample *memory_samples;
size_t memory_sample_count;

static dp_sample_fn sample_fn;
static void *sample_context;

int dp_samples_open(const struct dp *dp, dp_sample_fn fn, void *context, struct dp_samples **ret)
{
	(void)dp;
	sample_fn = fn;
	sample_context = context;
	*ret = NULL;
	return 0;
}

void dp_samples_close(struct dp_samples *samples)
{
	(void)samples;
}

void dp_samples_turn(struct dp *dp, struct dp_samples *samples)
{
	(void)dp, (void)samples;
	for (size_t i = 0; i < memory_sample_count; i++)
		sample_fn(sample_context, &memory_samples[i]);
	memory_sample_count = 0;
}

int dp_samples_lost(const struct dp *dp, uint64_t lost[XRING_CNT_MAX])
{
	(void)dp;
	memset(lost, 0, XRING_CNT_MAX * sizeof(*lost));
	return 0;
}

void dp_drops_move(const struct dp *dp, uint32_t from, uint32_t to)
{
	(void)dp, (void)from, (void)to;
}

struct dp_lost memory_lost;

int dp_lost_read(const struct dp *dp, struct dp_lost **ret, size_t *ret_count)
{
	(void)dp;
	*ret = calloc(1, sizeof(**ret));
	*ret_count = memory_lost.packets > 0;
	**ret = memory_lost;
	return 0;
}

const char *dp_lost_word(uint32_t reason)
{
	(void)reason;
	return "WORD";
}

const char *dp_lost_help(uint32_t reason)
{
	(void)reason;
	return "a reason";
}

/* ---- dp/pass.h, daemon/net/abilities.h, for the devices of a test ---- */

struct memory_device *memory_devices;
size_t memory_device_count;

static struct memory_device *device_at(uint32_t ifindex)
{
	for (size_t i = 0; i < memory_device_count; i++)
		if (memory_devices[i].is.ifindex == ifindex)
			return &memory_devices[i];
	return NULL;
}

bool ability_strips_tags(const char *device)
{
	(void)device;
	return false;
}

int ability_get(uint32_t ifindex, struct ability *ret)
{
	const struct memory_device *device = device_at(ifindex);

	if (!device)
		return -ENODEV;
	*ret = device->can;
	if (device->passes)
		ret->program = 7;
	if (device->wants_program)
		ret->sends = device->passes ? ABILITY_SENDS : ABILITY_SENDS_NOT;
	return 0;
}

int dp_pass_attach(struct dp *dp, const char *name, uint32_t ifindex, struct why *why)
{
	struct memory_device *device = device_at(ifindex);

	(void)dp;
	if (!device || device->fails)
		return why_set(why, -EBUSY, "%s: busy", name);
	device->passes = true;
	device->passed++;
	return 0;
}

bool dp_pass_is(const struct dp *dp, uint32_t ifindex)
{
	(void)dp;
	return device_at(ifindex) && device_at(ifindex)->passes;
}

void dp_pass_detach(struct dp *dp, uint32_t ifindex)
{
	(void)dp;
	if (device_at(ifindex))
		device_at(ifindex)->passes = false;
}

void dp_pass_sweep(struct dp *dp, bool (*stay)(void *context, uint32_t ifindex), void *context)
{
	for (size_t i = 0; i < memory_device_count; i++)
		if (memory_devices[i].passes && !stay(context, memory_devices[i].is.ifindex))
			dp_pass_detach(dp, memory_devices[i].is.ifindex);
}

/* ---- dp/pins.h: no flow has a pin ---- */

void dp_walk_begin(const struct dp *dp, bool syns, struct dp_walk *walk)
{
	(void)dp, (void)syns;
	walk->begun = walk->done = false;
	walk->count = 0;
}

int dp_walk_step(struct dp_walk *walk)
{
	walk->begun = walk->done = true;
	walk->count = 0;
	return 0;
}

void dp_pin_delete(const struct dp *dp, const struct xring_flow *flow)
{
	(void)dp, (void)flow;
}

bool dp_claim_is(const struct dp *dp, const struct xring_flow *flow, enum xring_claim claim)
{
	(void)dp, (void)flow, (void)claim;
	return false;
}

/* ---- dp/interfaces.h: there are none ---- */

int dp_attach(struct dp *dp, const char *name, enum dp_mode mode, const char **ret_mode,
	      struct why *why)
{
	(void)dp, (void)mode, (void)ret_mode;
	return why_set(why, -ENODEV, "no interface %s", name);
}

int dp_detach(struct dp *dp, const char *name, struct why *why)
{
	(void)dp;
	return why_set(why, -ENODEV, "no interface %s", name);
}

enum dp_whose dp_attached(const struct dp *dp, const char *name, uint32_t ifindex,
			  uint32_t *ret_program)
{
	(void)dp, (void)name, (void)ret_program;
	return device_at(ifindex) && device_at(ifindex)->can.native ? DP_OURS : DP_UNKNOWN;
}

bool dp_pins_hidden(const struct dp *dp)
{
	(void)dp;
	return false;
}

int dp_interfaces(const struct dp *dp, struct dp_interface **ret, size_t *ret_count)
{
	(void)dp;
	*ret = NULL;
	*ret_count = 0;
	return 0;
}

int dp_macs_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xring_mac));
}

int dp_macs_set(struct dp *dp, const struct xring_mac *keys, size_t count)
{
	(void)dp, (void)keys, (void)count;
	return 0;
}

void dp_macs_first(struct dp *dp, const uint64_t macs[2])
{
	(void)dp, (void)macs;
}

int dp_vlans_set(struct dp *dp, struct dp_vlan *list, size_t count)
{
	(void)dp, (void)list, (void)count;
	return 0;
}

/* ---- daemon/net/devices.h: none but those of a test ---- */

int devices_open(struct loop *loop, void (*changed)(void *context), void *context,
		 struct devices **ret)
{
	(void)loop, (void)changed, (void)context;
	*ret = NULL;
	return 0;
}

void devices_close(struct devices *devices)
{
	(void)devices;
}

const struct device *devices_named(const struct devices *devices, const char *name)
{
	(void)devices;
	for (size_t i = 0; i < memory_device_count; i++)
		if (!strcmp(memory_devices[i].is.name, name))
			return &memory_devices[i].is;
	return NULL;
}

const struct device *devices_at(const struct devices *devices, uint32_t ifindex)
{
	const struct memory_device *device = device_at(ifindex);

	(void)devices;
	return device ? &device->is : NULL;
}

const struct device *devices_list(const struct devices *devices, size_t *ret_count)
{
	(void)devices;
	*ret_count = 0;
	return NULL;
}

int received_ask(void (*each)(void *context, const struct received *received), void *context)
{
	for (size_t i = 0; i < memory_device_count; i++)
		each(context, &memory_devices[i].received);
	return 0;
}

/* ---- daemon/net: every backend is on the link, and its neighbour has answered ---- */

struct nexthop_table {
	int open;
};

int nexthop_open(struct loop *loop, void (*changed)(void *context), void *context,
		 struct nexthop_table **ret)
{
	(void)loop, (void)changed, (void)context;
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void nexthop_close(struct nexthop_table *table)
{
	free(table);
}

const struct nexthop *nexthop_get(struct nexthop_table *table, const struct address *to)
{
	struct nexthop *nh = calloc(1, sizeof(*nh));

	(void)table;
	if (!nh)
		return NULL;
	nh->to = *to;
	nh->route_ifindex = nh->sender = 2;
	nh->hop = (struct next_hop){
		.ifindex = 2, .mtu = 1500,
		.mac = { 2, 0, to->bytes[0], to->bytes[1], to->bytes[2], to->bytes[3] },
		.own_mac = { 2, 1 },
		.source = { .family = to->family, .bytes = { 10, 9, 9, 9 } },
	};
	return nh;
}

void nexthop_put(struct nexthop_table *table, const struct nexthop *nh)
{
	(void)table;
	free((struct nexthop *)nh);
}

void nexthop_settle(struct nexthop_table *table, unsigned ms)
{
	(void)table, (void)ms;
}

void nexthop_ask(struct nexthop_table *table, uint32_t ifindex, const struct address *neighbour)
{
	(void)table, (void)ifindex, (void)neighbour;
}

bool nexthop_keep(struct nexthop_table *table, uint32_t ifindex, const struct address *neighbour)
{
	(void)table, (void)ifindex, (void)neighbour;
	return true;
}

size_t dp_asks_take(struct dp *dp, struct xring_ask ret[XRING_ASKS])
{
	(void)dp, (void)ret;
	return 0;
}

int nexthop_on_link(const struct address *to)
{
	(void)to;
	return 1;
}

bool sysctl_forwards(int family, const char *device)
{
	(void)family, (void)device;
	return true;
}

void stack_bottoms(const uint32_t *devices, size_t count, struct stack_bottom *ret)
{
	(void)devices;
	memset(ret, 0, count * sizeof(*ret));
}

int sysctl_rp_filter(const char *device)
{
	(void)device;
	return 0;
}

void own_addresses(struct own_addresses *ret)
{
	ret->list = NULL;
}

bool own_address(const struct own_addresses *own, const struct address *a)
{
	(void)own, (void)a;
	return false;
}

void own_addresses_clear(struct own_addresses *own)
{
	(void)own;
}

/* No program tells here. */
int dp_tell_open(const struct dp *dp, struct dp_tell **ret)
{
	(void)dp, (void)ret;
	return -ENOTSUP;
}

void dp_tell_close(struct dp_tell *tell)
{
	(void)tell;
}

int dp_tell(const struct dp_tell *tell, const uint8_t *frame, size_t len, uint32_t ifindex,
	    struct dp_told *ret)
{
	(void)tell, (void)frame, (void)len, (void)ifindex, (void)ret;
	return -ENOTSUP;
}

int dp_tell_send(const struct dp_tell *tell, int socket)
{
	(void)tell, (void)socket;
	return -ENOTSUP;
}

int dp_tell_receive(int socket, struct dp_tell **ret)
{
	(void)socket, (void)ret;
	return -ENOTSUP;
}
