// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/carry.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "dp/dp.h"
#include "dp/pinned.h"
#include "dp/program.h"
#include "dp/write.h"

static void aside_path(const char *path, const char *suffix, char ret[320])
{
	snprintf(ret, 320, "%s%s", path, suffix);
}

int carry_prepare(struct dp *dp, struct bpf_map *map, const char *path, bool blank)
{
	struct carried *list = reallocarray(dp->carried, dp->carried_count + 1, sizeof(*list));
	struct bpf_map_info info;
	struct carried *c;

	if (!list)
		return -ENOMEM;
	dp->carried = list;
	c = &list[dp->carried_count];
	*c = (struct carried){ .from = pinned_map(path, &info), .to = -1, .blank = blank };
	if (c->from < 0)
		return c->from;
	dp->carried_count++;
	snprintf(c->path, sizeof(c->path), "%s", path);
	snprintf(c->name, sizeof(c->name), "%s", bpf_map__name(map));
	c->type = info.type;
	c->key_size = info.key_size;
	c->from_entries = info.max_entries;
	c->from_size = info.value_size;
	c->to_entries = bpf_map__max_entries(map);
	c->to_size = bpf_map__value_size(map);
	c->numbered = !strcmp(c->name, "xring_syns") && info.key_size == sizeof(struct xring_flow);
	c->blank |= info.type != bpf_map__type(map) ||
		    (info.key_size != bpf_map__key_size(map) && !c->numbered);
	log_info("%s is carried over: %u entries of %u bytes become %u of %u", c->name,
		 c->from_entries, c->from_size, c->to_entries, c->to_size);
	return bpf_map__set_pin_path(map, NULL);
}

static bool is_per_cpu(const struct carried *c)
{
	return c->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static bool is_hash(const struct carried *c)
{
	return c->type == BPF_MAP_TYPE_HASH || c->type == BPF_MAP_TYPE_LRU_HASH;
}

static size_t stride(const struct carried *c, const struct dp *dp, size_t size)
{
	return is_per_cpu(c) ? (size + 7) / 8 * 8 * dp->cpus : size;
}

/* Copies the part of a value that both layouts have: fields are appended, never moved. */
static void value_copy(const struct carried *c, const struct dp *dp, const uint8_t *from,
		       uint8_t *to)
{
	size_t each = c->from_size < c->to_size ? c->from_size : c->to_size;
	size_t from_step = stride(c, dp, c->from_size), to_step = stride(c, dp, c->to_size);
	int count = is_per_cpu(c) ? dp->cpus : 1;

	memset(to, 0, to_step);
	for (int i = 0; i < count; i++)
		memcpy(to + i * to_step / count, from + i * from_step / count, each);
}

/* The key in the new map of what is in the old one. */
static const void *new_key(const struct carried *c, const void *key, const uint8_t *value,
			   struct xring_handshake *buffer)
{
	const struct xring_pin *pin = (const void *)value;

	if (!c->numbered)
		return key;
	*buffer = (struct xring_handshake){ .number = pin->seq };
	memcpy(&buffer->flow, key, sizeof(buffer->flow));
	if (pin->state & XRING_PIN_CONFIRMED) {
		buffer->flow.claim = XRING_OPENED;
		buffer->number = 0;
	}
	return buffer;
}

static int entry_copy(const struct carried *c, const struct dp *dp, const void *key,
		      uint8_t *from, uint8_t *to, uint64_t flags)
{
	struct xring_handshake buffer;

	if (bpf_map_lookup_elem(c->from, key, from))
		return errno == ENOENT ? 0 : -errno;	/* the entry has just gone */
	value_copy(c, dp, from, to);
	if (c->numbered)
		((struct xring_pin *)to)->base = ((struct xring_pin *)to)->seq;
	if (bpf_map_update_elem(c->to, new_key(c, key, from, &buffer), to, flags))
		return errno == EEXIST ? 0 : -errno;
	return 0;
}

/* The memory of an array that the daemon writes through mmap. */
struct view {
	uint8_t *at;
	size_t bytes, stride;
};

static bool view_open(int fd, struct view *ret)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.type != BPF_MAP_TYPE_ARRAY ||
	    !(info.map_flags & BPF_F_MMAPABLE))
		return false;
	ret->stride = (info.value_size + 7) / 8 * 8;
	ret->bytes = (info.max_entries * ret->stride + page - 1) / page * page;
	ret->at = mmap(NULL, ret->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return ret->at != MAP_FAILED;
}

static void view_close(const struct view *view)
{
	if (view->at)
		munmap(view->at, view->bytes);
}

static uint32_t entries_both(const struct carried *c)
{
	return c->from_entries < c->to_entries ? c->from_entries : c->to_entries;
}

static int array_copy_entries(const struct carried *c, const struct dp *dp, uint8_t *from,
			      uint8_t *to)
{
	struct view old = {}, new = {};
	uint32_t count = entries_both(c);
	int err = 0;

	if (view_open(c->from, &old) && view_open(c->to, &new))
		for (uint32_t i = 0; i < count; i++)
			value_copy(c, dp, old.at + i * old.stride, new.at + i * new.stride);
	else
		for (uint32_t i = 0; i < count && !err; i++)
			err = entry_copy(c, dp, &i, from, to, BPF_ANY);
	view_close(&old);
	view_close(&new);
	return err;
}

/* Is this pin later seen than the one of its flow that is in the new map already? */
static bool is_later(const struct carried *c, const void *key, const uint8_t *from)
{
	const struct xring_pin *pin = (const void *)from;
	_free_ struct xring_pin *there = calloc(1, c->to_size + sizeof(*there));
	struct xring_handshake buffer;

	return !there || bpf_map_lookup_elem(c->to, new_key(c, key, from, &buffer), there) ||
	       pin->seen > there->seen;
}

static int hash_copy_entries(const struct carried *c, const struct dp *dp, uint8_t *from,
			     uint8_t *to)
{
	_free_ uint8_t *keys = calloc(2, c->key_size);
	uint8_t *last = NULL, *next = keys;
	uint32_t lost = 0;

	if (!keys)
		return -ENOMEM;
	while (!bpf_map_get_next_key(c->from, last, next)) {
		if (!bpf_map_lookup_elem(c->from, next, from) && is_later(c, next, from))
			lost += entry_copy(c, dp, next, from, to, BPF_ANY) != 0;
		last = next;
		next = next == keys ? keys + c->key_size : keys;
	}
	if (lost)
		log_warn("%s: %u entries found no room in %u", c->name, lost, c->to_entries);
	return 0;
}

static int content_copy(const struct carried *c, const struct dp *dp)
{
	/* Where a pin is looked at, the value is one, however short the pinned map's values are. */
	size_t pin = is_hash(c) ? sizeof(struct xring_pin) : 0;
	_free_ uint8_t *from = calloc(1, stride(c, dp, c->from_size) + pin);
	_free_ uint8_t *to = calloc(1, stride(c, dp, c->to_size) + pin);

	if (!from || !to)
		return -ENOMEM;
	if (is_hash(c))
		return hash_copy_entries(c, dp, from, to);
	return array_copy_entries(c, dp, from, to);
}

int carry_fill(struct dp *dp, const struct bpf_object *object)
{
	for (size_t i = 0; i < dp->carried_count; i++) {
		struct carried *c = &dp->carried[i];
		int fd = bpf_object__find_map_fd_by_name(object, c->name), err;

		c->to = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (c->to < 0)
			return log_err(-errno, "map %s", c->name);
		err = c->blank ? 0 : content_copy(c, dp);
		if (err)
			return log_err(err, "map %s", c->name);
	}
	return 0;
}

/* 1: the pinned program uses the map that is pinned there, 0: it does not, -ENOENT: there is none. */
static int is_used(const struct dp *dp, const char *path)
{
	_close_ int fd = pinned_open(path, PINNED_MAP);

	return fd < 0 ? fd : program_uses(dp, fd);
}

/*
 * Maps are restored all together or not at all. No program uses the map of owners and some
 * others, so that these maps follow what dp->restores says of the maps before them.
 */
int carry_restore(struct dp *dp, const char *path)
{
	char aside[320];
	int old, now;

	aside_path(path, "_old", aside);
	old = is_used(dp, aside);
	if (old < 0)
		return old == -ENOENT ? 0 : old;
	now = is_used(dp, path);
	if (now < 0 && now != -ENOENT)
		return now;
	if (old || now > 0)
		dp->restores = old;
	if (dp->restores ? rename(aside, path) : unlink(aside))
		return log_err(-errno, "%s", aside);
	return 0;
}

/* Copies the pins that the old program has made or seen meanwhile. */
static void pins_follow(const struct dp *dp)
{
	for (size_t i = 0; i < dp->carried_count; i++)
		if (!dp->carried[i].blank && is_hash(&dp->carried[i]))
			content_copy(&dp->carried[i], dp);
}

int carry_pin(struct dp *dp)
{
	pins_follow(dp);
	for (size_t i = 0; i < dp->carried_count; i++) {
		const struct carried *c = &dp->carried[i];
		char fresh[320], aside[320];

		aside_path(c->path, "_new", fresh);
		aside_path(c->path, "_old", aside);
		remove(fresh);
		step();
		if (bpf_obj_pin(c->to, fresh) || rename(c->path, aside))
			return log_err(-errno, "pin %s", c->path);
		step();
		if (rename(fresh, c->path))
			return log_err(-errno, "pin %s", c->path);
	}
	return 0;
}

/*
 * Sets the marks that the old program has set on cells meanwhile. The flag has the same bit
 * in both tables: LOOK in the newest answers, HELD in the old ones.
 */
static void marks_follow(const struct carried *c, const struct dp *dp)
{
	struct view old = {};
	const uint64_t *words;

	if (!view_open(c->from, &old))
		return;
	words = (const uint64_t *)old.at;
	for (uint32_t i = 0; i < entries_both(c); i++)
		if (__atomic_load_n(&words[i], __ATOMIC_ACQUIRE) & XRING_AFTER_FLAG)
			__atomic_fetch_or(&dp->cells[i], XRING_AFTER_FLAG, __ATOMIC_ACQ_REL);
	view_close(&old);
}

void carry_finish(struct dp *dp)
{
	if (dp->carried_count)
		dp_grace(dp);
	pins_follow(dp);
	for (size_t i = 0; i < dp->carried_count; i++) {
		const struct carried *c = &dp->carried[i];
		char aside[320];

		if (!c->blank && !strcmp(c->name, "xring_cells"))
			marks_follow(c, dp);
		aside_path(c->path, "_old", aside);
		step();
		unlink(aside);
	}
	carry_close(dp);
}

void carry_close(struct dp *dp)
{
	for (size_t i = 0; i < dp->carried_count; i++) {
		closep(&dp->carried[i].from);
		closep(&dp->carried[i].to);
	}
	free(dp->carried);
	dp->carried = NULL;
	dp->carried_count = 0;
}
