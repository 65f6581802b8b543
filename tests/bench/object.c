// SPDX-License-Identifier: GPL-2.0-or-later
#include "object.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "stats.h"

static struct bpf_object *open_unpinned(const char *path)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_map *map;

	if (!obj)
		fail("%s: %s", path, strerror(errno));
	bpf_object__for_each_map(map, obj)
		bpf_map__set_pin_path(map, NULL);
	return obj;
}

static void load(struct bpf_object *obj, const char *path)
{
	int err = bpf_object__load(obj);

	if (err)
		fail("%s: load: %s", path, strerror(-err));
}

struct bpf_object *object_load_sized(const char *path, const char *map, uint32_t entries)
{
	struct bpf_object *obj = open_unpinned(path);

	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, map), entries);
	load(obj, path);
	return obj;
}

struct bpf_object *object_load(const char *path)
{
	struct bpf_object *obj = open_unpinned(path);

	load(obj, path);
	return obj;
}

/* Where in .rodata a constant is. */
static uint32_t constant_offset(const struct bpf_object *obj, const char *constant)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (int i = 0; section && i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *at = &btf_var_secinfos(section)[i];
		const struct btf_type *var = btf__type_by_id(btf, at->type);

		if (!strcmp(btf__name_by_offset(btf, var->name_off), constant))
			return at->offset;
	}
	fail("constant %s: not in %s", constant, bpf_object__name(obj));
}

int object_program(struct bpf_object *obj, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(obj, name);

	if (!program)
		fail("program %s: not in %s", name, bpf_object__name(obj));
	return bpf_program__fd(program);
}

static struct bpf_map *find_map(struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	if (!map)
		fail("map %s: not in %s", name, bpf_object__name(obj));
	return map;
}

struct bpf_object *object_load_twin(const char *path, const struct bpf_object *maps,
				    const char *constant, uint8_t value)
{
	struct bpf_object *obj = open_unpinned(path);
	struct bpf_map *map, *from;
	size_t size;

	bpf_object__for_each_map(map, obj) {
		from = bpf_object__find_map_by_name(maps, bpf_map__name(map));
		if (strstr(bpf_map__name(map), ".rodata"))
			((uint8_t *)bpf_map__initial_value(map, &size))
				[constant_offset(obj, constant)] = value;
		else if (!from || bpf_map__reuse_fd(map, bpf_map__fd(from)))
			fail("map %s: cannot be shared", bpf_map__name(map));
	}
	load(obj, path);
	return obj;
}

int object_map(struct bpf_object *obj, const char *name)
{
	return bpf_map__fd(find_map(obj, name));
}

void *object_memory(struct bpf_object *obj, const char *name, size_t bytes)
{
	struct bpf_map *map = find_map(obj, name);
	size_t value = (bpf_map__value_size(map) + 7) & ~7;
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (value * bpf_map__max_entries(map) + page - 1) & ~(page - 1);
	void *memory;

	if (size < bytes)
		fail("map %s: %zu bytes, want %zu", name, size, bytes);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		      bpf_map__fd(map), 0);
	if (memory == MAP_FAILED)
		fail("map %s: mmap: %s", name, strerror(errno));
	return memory;
}

static unsigned long long fd_memlock(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

unsigned long long object_memlock(struct bpf_object *obj, const char *name)
{
	unsigned long long sum = 0;
	struct bpf_map *map;

	if (name)
		return fd_memlock(object_map(obj, name));
	bpf_object__for_each_map(map, obj)
		sum += fd_memlock(bpf_map__fd(map));
	return sum;
}

unsigned long long object_verified(struct bpf_object *obj)
{
	unsigned long long sum = 0;
	struct bpf_program *program;

	bpf_object__for_each_program(program, obj) {
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			fail("%s: %s", bpf_program__name(program), strerror(errno));
		sum += info.verified_insns;
	}
	return sum;
}

int cpu_count(void)
{
	return libbpf_num_possible_cpus();
}
