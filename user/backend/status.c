// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/status.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <xring/decap.h>

#include "backend/attach.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/value/prefix.h"

#define MAPS_MAX 8

/* The map of that name of a program; its descriptor is the caller's to close. */
static int map_open(uint32_t program, const char *name)
{
	uint32_t ids[MAPS_MAX] = {};
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids };
	uint32_t len = sizeof(info);
	_close_ int fd = bpf_prog_get_fd_by_id(program);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++) {
		struct bpf_map_info map = {};
		int map_fd = bpf_map_get_fd_by_id(ids[i]);

		len = sizeof(map);
		if (map_fd >= 0 && !bpf_obj_get_info_by_fd(map_fd, &map, &len) &&
		    !strcmp(map.name, name))
			return map_fd;
		closep(&map_fd);
	}
	return -ENOENT;
}

static struct prefix prefix_from(const struct decap_network *key)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct prefix p = { .bits = key->bits, .address.family = AF_INET6 };

	if (key->bits >= XRING_DECAP_BITS4 && !memcmp(key->address, mapped, sizeof(mapped))) {
		p.address.family = AF_INET;
		p.bits -= XRING_DECAP_BITS4;
		memcpy(p.address.bytes, key->address + 12, 4);
	} else {
		memcpy(p.address.bytes, key->address, 16);
	}
	return p;
}

static json_t *networks(int fd)
{
	json_t *list = json_array();
	struct decap_network key, *last = NULL;

	while (!bpf_map_get_next_key(fd, last, &key)) {
		struct prefix p = prefix_from(&key);
		char text[PREFIX_TEXT];

		json_array_append_new(list, json_string(prefix_print(&p, text)));
		last = &key;
	}
	return list;
}

static json_t *counts(int fd)
{
	static const char *const names[] = {
#define X(id, name, help) name,
		XRING_DECAPS(X)
#undef X
	};
	int cpus = libbpf_num_possible_cpus();
	_free_ uint64_t *each = calloc(cpus > 0 ? cpus : 1, sizeof(*each));
	json_t *ret = json_object();

	for (uint32_t i = 0; each && i < XRING_DECAP_MAX; i++) {
		uint64_t sum = 0;

		if (bpf_map_lookup_elem(fd, &i, each))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++)
			sum += each[cpu];
		json_object_set_new(ret, names[i], json_integer(sum));
	}
	return ret;
}

/* The member of that name: what `read` finds in the program's map. */
static int member(json_t *to, uint32_t program, const char *map, json_t *(*read)(int fd))
{
	_close_ int fd = map_open(program, map);

	if (fd < 0)
		return fd;
	return json_object_set_new(to, map, read(fd)) ? -ENOMEM : 0;
}

static void print_list(const json_t *list)
{
	const json_t *network;
	size_t i;

	json_array_foreach(list, i, network)
		printf(" %s", json_string_value(network));
	putchar('\n');
}

static void print_text(const char *device, const json_t *status)
{
	static const char *const helps[] = {
#define X(id, name, help) help,
		XRING_DECAPS(X)
#undef X
	};
	const char *name;
	const json_t *count;
	size_t i = 0;

	printf("%s (%s)\nbalancers:", device, json_string_value(json_object_get(status, "mode")));
	print_list(json_object_get(status, "balancers"));
	printf("vips:     ");
	print_list(json_object_get(status, "vips"));
	json_object_foreach((json_t *)json_object_get(status, "counters"), name, count)
		printf("%12lld  %-18s  %s\n", (long long)json_integer_value(count), name, helps[i++]);
}

int status_print(const char *device, bool json, struct why *why)
{
	struct attached there;
	json_t *status;
	int err = attached_get(device, &there, why);

	if (err)
		return err;
	status = json_pack("{ssss}", "interface", device, "mode", there.mode);
	err = member(status, there.id, "balancers", networks) ?:
	      member(status, there.id, "vips", networks) ?:
	      member(status, there.id, "counters", counts);
	if (err) {
		json_decref(status);
		return why_set(why, err, "interface %s: its program's maps: %s", device,
			       errno_text(-err));
	}
	if (json) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_text(device, status);
	}
	json_decref(status);
	return 0;
}
