/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_MAPS_H
#define XRING_BPF_MAPS_H

#define XRING_LPM_LINE(lines, line)                                            \
	({                                                                     \
		__u32 line_ = (line) + XRING_LINE_ROOTS;                       \
		bpf_map_lookup_elem((void *)(lines), &line_);                  \
	})
#include <xring/lpm.h>

/*
 * Every map is pinned by name, so that iproute2 and xringd share one set, and
 * all but the counters can be written through mmap.
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

MAP_ARRAY(xring_config, 1, struct xring_config);

MAP_ARRAY(xring_vips, 1, struct xring_vips);

MAP_ARRAY(xring_cells, XRING_CELLS, __u64);	/* struct xring_cell, read as one word */

MAP_ARRAY(xring_spills, XRING_SPILLS, struct xring_spill);

MAP_ARRAY(xring_backends, XRING_BACKENDS, struct xring_backend);

/* Who has which id; for the daemon's next life. */
MAP_ARRAY(xring_owners, XRING_BACKENDS, struct xring_owner);

MAP_COUNTERS(xring_traffic, XRING_BACKENDS, struct xring_traffic);

MAP_COUNTERS(xring_counters, XRING_CNT_MAX, __u64);

/* Per CPU, by enum xring_event. */
MAP_COUNTERS(xring_events, XRING_EVENT_MAX, __u64);

/*
 * How often which key is seen, by CPU. A map of its own each, so that memory is taken for
 * those CPUs alone that are there, and the daemon reads it in memory.
 */
struct heat_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct xring_heat));	/* clang would leave the type open */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XRING_CPUS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__array(values, struct heat_map);
} xring_heat SEC(".maps");

/* Keys that are split, or given to one backend. */
MAP_ARRAY(xring_hot, XRING_HOT_BUCKETS, struct xring_hot);

/* By backend: XRING_LOAD_FULL is its bound. */
MAP_ARRAY(xring_loads, XRING_BACKENDS, __u64);

/* By class of clients. */
MAP_ARRAY(xring_classes, XRING_CLASSES, struct xring_class);

/* Which class a client is of: lines of prefix tables. */
MAP_ARRAY(xring_lines, XRING_LINES, union xring_lpm_line);

/* By backend: who may send it traffic, and where it is. */
MAP_ARRAY(xring_places, XRING_BACKENDS, __u64);

MAP_COUNTERS(xring_placed, XRING_PLACED, struct xring_placed);

/* Taken out twice a second by the daemon: a full one counts no others. */
MAP(xring_homes, HASH, XRING_HOMES, BPF_F_NO_PREALLOC, struct xring_home_key, struct xring_home);

/* Which ring is where; for the daemon's next life. */
MAP_ARRAY(xring_routes, XRING_ROUTES, struct xring_route);

/* Flows that are kept where they are; no flow pushes out another. */
MAP(xring_pins, HASH, XRING_PINS, 0, struct xring_flow, struct xring_pin);

/* TCP handshakes in moving cells until they are confirmed; a flood may fill it. */
MAP(xring_syns, LRU_HASH, XRING_SYNS, 0, struct xring_flow, struct xring_pin);

#endif
