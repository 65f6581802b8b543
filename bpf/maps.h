/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_MAPS_H
#define XRING_BPF_MAPS_H

/* How xring/lpm.h reads a line: the lines of tables come after those of the roots. */
#define XRING_LPM_LINE(lines, line)                                            \
	({                                                                     \
		__u32 line_ = (line) + XRING_LINE_ROOTS;                       \
		bpf_map_lookup_elem((void *)(lines), &line_);                  \
	})
#include <xring/lpm.h>

/*
 * Every map is pinned by name, so that iproute2 and xringd share one set of maps. The daemon
 * writes arrays through mmap; per-CPU maps and hashes it can only reach by system calls.
 * include/xring/ has the format of each value, and says who writes and who reads it.
 */
#define MAP(name, kind, entries, flags, key_type, value_type)                  \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_##kind);                             \
		__uint(max_entries, entries);                                  \
		__uint(map_flags, flags);                                      \
		__uint(pinning, LIBBPF_PIN_BY_NAME);                           \
		__type(key, key_type);                                         \
		__type(value, value_type);                                     \
	} name SEC(".maps")

#define MAP_ARRAY(name, entries, value_type)                                   \
	MAP(name, ARRAY, entries, BPF_F_MMAPABLE, __u32, value_type)

#define MAP_COUNTERS(name, entries, value_type)                                \
	MAP(name, PERCPU_ARRAY, entries, 0, __u32, value_type)

/* ---- what the daemon says as a whole, and VIPs ---- */

MAP_ARRAY(xring_config, 1, struct xring_layout);

MAP_ARRAY(xring_vips, 1, struct xring_vips);

/* What networks and blocks of ports the table of VIPs has. */
MAP_ARRAY(xring_shapes, 2 * XRING_SHAPES, struct xring_shape);

static __always_inline struct xring_vips *vips_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xring_vips, &zero);
}

static __always_inline const struct xring_config *config_get(void)
{
	return (const struct xring_config *)vips_get();	/* its first member */
}

/* The MAC addresses of this host; only a few packets ask. */
MAP(xring_macs, HASH, XRING_MACS, 0, struct xring_mac, __u8);

/* The VLANs that are taken; only tagged frames ask. */
MAP(xring_vlans, HASH, XRING_VLANS, BPF_F_NO_PREALLOC, struct xring_vlan, __u32);

/* Next hops whose MAC address the daemon must ask for. */
MAP(xring_asks, HASH, XRING_ASKS, 0, struct xring_ask, __u8);

/* ---- rings ---- */

/* The tables of all rings. A value is a struct xring_cell, read as one word. */
MAP_ARRAY(xring_cells, XRING_CELLS, __u64);

/* Cells with several splits, by the index that a cell names. */
MAP_ARRAY(xring_spills, XRING_SPILLS, struct xring_spill);

/* ---- backends, by id ---- */

MAP_ARRAY(xring_templates, XRING_BACKENDS, struct xring_backend);

/* Loads, in thousandths of the bound (XRING_LOAD_FULL). */
MAP_ARRAY(xring_loads, XRING_BACKENDS, __u64);

/* Regions, and which rules allow the backend (XRING_PLACE_REGION). */
MAP_ARRAY(xring_places, XRING_BACKENDS, __u64);

MAP_COUNTERS(xring_traffic, XRING_BACKENDS, struct xring_traffic);

/* ---- clients of services with rules ---- */

MAP_ARRAY(xring_classes, XRING_CLASSES, struct xring_class);

/* Prefix tables, whose values are classes, and their roots. */
MAP_ARRAY(xring_lines, XRING_LINES, union xring_lpm_line);

/* By rule and region. */
MAP_COUNTERS(xring_placed, XRING_PLACED, struct xring_placed);

/* The daemon empties it twice a second. While it is full, no other network is counted. */
MAP(xring_homes, HASH, XRING_HOMES, BPF_F_NO_PREALLOC, struct xring_home_key, struct xring_home);

/* ---- keys ---- */

/*
 * A sketch for each CPU, in a map of its own. So only CPUs that are there take memory, and
 * the daemon reads the sketches through mmap, which a per-CPU map does not allow.
 */
struct heat_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	/* A size, not a type: clang would leave out the type of an inner map's value. */
	__uint(value_size, sizeof(struct xring_heat));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XRING_CPUS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__array(values, struct heat_map);
} xring_heat SEC(".maps");

/* Entries of keys that are split, or given to one backend. */
MAP_ARRAY(xring_hot, XRING_HOT_BUCKETS, struct xring_hot);

/* ---- flows, only while their answers change ---- */

/* Flows that are kept where they are; no flow pushes out another. */
MAP(xring_pins, HASH, XRING_PINS, 0, struct xring_flow, struct xring_pin);

/* TCP handshakes on open paths until they are confirmed; a flood of SYNs may fill it. */
MAP(xring_syns, LRU_HASH, XRING_SYNS, 0, struct xring_handshake, struct xring_pin);

/* ---- datagrams in fragments ---- */

/* A flood of fragments may fill it, and pushes out datagrams alone. */
MAP(xring_fragments, LRU_HASH, XRING_FRAGMENTS, 0, struct xring_datagram, struct xring_fragment);

/* ---- what happened to packets ---- */

/* By enum xring_counter. */
MAP_COUNTERS(xring_counters, XRING_CNT_MAX, __u64);

/* Of dropped ones, by whose they were and by reason. */
MAP(xring_drops, PERCPU_HASH, XRING_DROPS, BPF_F_NO_PREALLOC, __u32, __u64);

/* The first bytes of some of them. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XRING_SAMPLES_ROOM);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} xring_samples SEC(".maps");
MAP_COUNTERS(xring_tokens, XRING_CNT_MAX, struct xring_tokens);
MAP_ARRAY(xring_turn, 1, __u32);

/* By enum xring_event. */
MAP_COUNTERS(xring_events, XRING_EVENT_MAX, __u64);

/* ---- for the next daemon (xring/records.h) ---- */

/* Which backend has which id. */
MAP_ARRAY(xring_owners, XRING_BACKENDS, struct xring_owner);

/* Which ring is where, and which counters belong to which rule. */
MAP_ARRAY(xring_routes, XRING_ROUTES, struct xring_route);

/* Since when each cell moves. */
MAP_ARRAY(xring_since, XRING_SINCE_FOR(XRING_CELLS), struct xring_since);

/* By place of xring_hot: whose entry it is. */
MAP_ARRAY(xring_keys, XRING_HOT_BUCKETS * XRING_HOT_WAYS, struct xring_key_record);

/* What the devices have received, as they count it. */
MAP_ARRAY(xring_received, XRING_RECEIVED, struct xring_received);

#endif
