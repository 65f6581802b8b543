/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_OBJECT_H
#define XRING_BENCH_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/*
 * BPF objects, loaded with nothing pinned. These do not return where they fail,
 * and what they open lives as long as the process, unless it is closed.
 */
struct bpf_object *object_load(const char *path);
/* With that many entries of one map. */
struct bpf_object *object_load_sized(const char *path, const char *map, uint32_t entries);
/* Once more, with the maps of another and this value of a constant, a byte. */
struct bpf_object *object_load_twin(const char *path, const struct bpf_object *maps,
				    const char *constant, uint8_t value);

int object_program(struct bpf_object *obj, const char *name);	/* its fd */
int object_map(struct bpf_object *obj, const char *name);	/* its fd */

/* A mmapable map's memory; wants at least `bytes` of it. */
void *object_memory(struct bpf_object *obj, const char *name, size_t bytes);

/* The kernel's memory of a map, or of all (NULL) of the object, as fdinfo says. */
unsigned long long object_memlock(struct bpf_object *obj, const char *map);

/* What the verifier read of all its programs. */
unsigned long long object_verified(struct bpf_object *obj);

int cpu_count(void);			/* as per-CPU maps count them */

#endif
