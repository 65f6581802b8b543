// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/status.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <xring/decap.h>

#include "backend/attach.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/value/prefix.h"
#include "decap.skel.h"

#define MAPS_MAX 8

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

/*
 * The map of a program whose name ends so, as that of constants begins with the object's, which
 * depends on who has loaded it; its descriptor is the caller's to close.
 */
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
		    ends_with(map.name, name))
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

/* The UDP port to which tunnels of mode gue go; null: none are taken, or the program is of another version. */
static json_t *gue(int fd)
{
	union {
		struct decap_bpf__rodata is;
		uint8_t room[256];	/* constants of the compiler stand behind */
	} value;
	struct bpf_map_info info = {};
	uint32_t zero = 0, len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.value_size < sizeof(value.is) ||
	    info.value_size > sizeof(value) || bpf_map_lookup_elem(fd, &zero, &value) || !value.is.gue_port)
		return json_null();
	return json_integer(value.is.gue_port);
}

/* The member `name`: what `read` finds in the program's map. */
static int member(json_t *to, const char *name, uint32_t program, const char *map,
		  json_t *(*read)(int fd))
{
	_close_ int fd = map_open(program, map);

	if (fd < 0)
		return fd;
	return json_object_set_new(to, name, read(fd)) ? -ENOMEM : 0;
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
	if (json_is_integer(json_object_get(status, "gue")))
		printf("gue:       port %lld\n", (long long)json_integer_value(json_object_get(status, "gue")));
	else
		printf("gue:       left to the host\n");
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
	err = member(status, "balancers", there.id, "balancers", networks) ?:
	      member(status, "vips", there.id, "vips", networks) ?:
	      member(status, "gue", there.id, ".rodata", gue) ?:
	      member(status, "counters", there.id, "counters", counts);
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
