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
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_config);
} xring_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_vips);
} xring_vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_CELLS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);		/* struct xring_cell, read as one word */
} xring_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_SPILLS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_spill);
} xring_spills SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_BACKENDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_backend);
} xring_backends SEC(".maps");

/* Who has which id; for the daemon's next life. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_BACKENDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_owner);
} xring_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XRING_BACKENDS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_traffic);
} xring_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XRING_CNT_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} xring_counters SEC(".maps");

/* Per CPU, by enum xring_event. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XRING_EVENT_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} xring_events SEC(".maps");

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
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_HOT_BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_hot);
} xring_hot SEC(".maps");

/* By backend: XRING_LOAD_FULL is its bound. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_BACKENDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} xring_loads SEC(".maps");

/* By class of clients. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_CLASSES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_class);
} xring_classes SEC(".maps");

/* Which class a client is of: lines of prefix tables. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_LINES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, union xring_lpm_line);
} xring_lines SEC(".maps");

/* By backend: who may send it traffic, and where it is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_BACKENDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} xring_places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XRING_PLACED);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_placed);
} xring_placed SEC(".maps");

/* Taken out twice a second by the daemon: a full one counts no others. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, XRING_HOMES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct xring_home_key);
	__type(value, struct xring_home);
} xring_homes SEC(".maps");

/* Which ring is where; for the daemon's next life. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XRING_ROUTES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct xring_route);
} xring_routes SEC(".maps");

/* Flows that are kept where they are; no flow pushes out another. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XRING_PINS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct xring_flow);
	__type(value, struct xring_pin);
} xring_pins SEC(".maps");

/* TCP handshakes in moving cells until they are confirmed; a flood may fill it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XRING_SYNS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct xring_flow);
	__type(value, struct xring_pin);
} xring_syns SEC(".maps");

#endif
