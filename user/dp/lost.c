// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/lost.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"
#include "dp/pinned.h"
#include "lost.skel.h"

#define LOST_PREFIX "lost-"

/* ---- the maps ---- */

static bool is_same(const struct bpf_map *map, const struct bpf_map_info *info)
{
	return info->type == bpf_map__type(map) && info->key_size == bpf_map__key_size(map) &&
	       info->value_size == bpf_map__value_size(map) &&
	       info->max_entries == bpf_map__max_entries(map) &&
	       info->map_flags == bpf_map__map_flags(map);
}

/* Has libbpf use the pinned map, or make one and pin it where there is none of that shape. */
static int map_prepare(struct bpf_map *map, const char *pins)
{
	struct bpf_map_info info;
	_close_ int fd = -1;
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", pins, bpf_map__name(map));
	fd = pinned_map(path, &info);
	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd >= 0 && !is_same(map, &info) && remove(path))
		return -errno;
	return bpf_map__set_pin_path(map, path);
}

/* The turn of the programs that count now. */
static uint32_t turn_now(const struct lost_bpf *skel)
{
	const struct bpf_map *map = skel->maps.xring_lost_turn;
	struct bpf_map_info info;
	_close_ int fd = pinned_map(bpf_map__pin_path(map), &info);
	uint32_t zero = 0, turn = 0;

	if (fd >= 0)
		bpf_map_lookup_elem(fd, &zero, &turn);
	return turn;
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

/* The id of the pinned map of counters, which the last version's program uses. */
static uint32_t counters_before(const char *pins)
{
	struct bpf_map_info info;
	_close_ int fd = -1;
	char path[300];

	snprintf(path, sizeof(path), "%s/xring_counters", pins);
	fd = pinned_map(path, &info);
	return fd < 0 ? 0 : info.id;
}

/* 0: the kernel does not say, and any namespace will do. */
static uint32_t namespace_number(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

/* ---- the programs ---- */

static const char *link_path(const struct dp *dp, const struct bpf_program *prog, const char *suffix,
			     char buf[300])
{
	snprintf(buf, 300, "%s/" LOST_PREFIX "%s%s", dp->dir, bpf_program__name(prog), suffix);
	return buf;
}

static int link_pin(const struct dp *dp, const struct bpf_program *prog)
{
	_close_ int fd = bpf_raw_tracepoint_open(NULL, bpf_program__fd(prog));
	char path[300];

	if (fd < 0)
		return -errno;
	remove(link_path(dp, prog, "_new", path));
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

/* The new programs count from one store on, and those of the last daemon no more. */
static int take_over(const struct dp *dp, const struct lost_bpf *skel)
{
	uint32_t zero = 0, turn = skel->rodata->turn;
	struct xring_lost_key elsewhere = XRING_LOST_ELSEWHERE;
	_free_ uint64_t *none = calloc(dp->cpus, sizeof(*none));
	int lost = bpf_map__fd(skel->maps.xring_lost);
	struct bpf_program *prog;
	char from[300], to[300];
	int err = none ? 0 : -ENOMEM;

	if (!err && bpf_map_update_elem(lost, &elsewhere, none, BPF_NOEXIST) && errno != EEXIST)
		err = -errno;
	bpf_object__for_each_program(prog, skel->obj)
		err = err ?: link_pin(dp, prog);
	if (!err && bpf_map_update_elem(bpf_map__fd(skel->maps.xring_lost_turn), &zero, &turn, BPF_ANY))
		err = -errno;
	bpf_object__for_each_program(prog, skel->obj) {
		link_path(dp, prog, "_new", from);
		if (err)
			remove(from);
		else if (rename(from, link_path(dp, prog, "", to)))
			err = -errno;
	}
	return err;
}

static int load(struct dp *dp, const char *pins, struct lost_bpf *skel)
{
	int err = map_prepare(skel->maps.xring_lost, pins) ?:
		  map_prepare(skel->maps.xring_lost_turn, pins);

	if (err)
		return err;
	skel->rodata->netns = namespace_number();
	skel->rodata->counters = map_id(dp->counters_fd);
	skel->rodata->counters_before = counters_before(pins);
	skel->rodata->turn = turn_now(skel) + 1;
	err = lost_bpf__load(skel) ?: take_over(dp, skel);
	if (err)
		return err;
	dp->lost_fd = fcntl(bpf_map__fd(skel->maps.xring_lost), F_DUPFD_CLOEXEC, 3);
	return dp->lost_fd < 0 ? -errno : 0;
}

void lost_open(struct dp *dp, const char *pins)
{
	struct lost_bpf *skel = lost_bpf__open();
	int err = skel ? load(dp, pins, skel) : -errno;

	if (skel)
		lost_bpf__destroy(skel);
	if (!err)
		return;
	snprintf(dp->lost_why, sizeof(dp->lost_why), "packets that are lost after they were sent cannot "
		 "be counted: %s: want a kernel with CONFIG_DEBUG_INFO_BTF and CONFIG_BPF_EVENTS",
		 errno_text(-err));
	log_warn("%s", dp->lost_why);
}

/* ---- reading ---- */

static uint64_t sum(const uint64_t *values, int count)
{
	uint64_t ret = 0;

	for (int i = 0; i < count; i++)
		ret += values[i];
	return ret;
}

int dp_lost_read(const struct dp *dp, struct dp_lost **ret, size_t *ret_count)
{
	_free_ struct dp_lost *list = calloc(XRING_LOST, sizeof(*list));
	_free_ uint64_t *values = calloc(dp->cpus, sizeof(*values));
	struct xring_lost_key last, key;
	size_t count = 0;

	*ret = NULL;
	*ret_count = 0;
	if (dp->lost_fd < 0)
		return 0;
	if (!list || !values)
		return -ENOMEM;
	for (bool any = false; count < XRING_LOST && !bpf_map_get_next_key(dp->lost_fd, any ? &last : NULL, &key);
	     any = true) {
		last = key;
		if (bpf_map_lookup_elem(dp->lost_fd, &key, values))
			return log_err(-errno, "counters of what is lost");
		list[count] = (struct dp_lost){ key.ifindex, key.reason, sum(values, dp->cpus) };
		count += list[count].packets != 0;
	}
	*ret = take_ptr(list);
	*ret_count = count;
	return 0;
}

static const struct {
	uint32_t reason;
	const char *help;
} reasons[] = {
	{ XRING_LOST_FULL, "its queue is full, or the packet too long for it" },
	{ XRING_LOST_REFUSED, "its driver did not send the packet" },
	{ ENXIO, "it is not ready for XDP frames: a veth wants GRO or a program at its peer, some "
		 "drivers a program at the device" },
	{ EOPNOTSUPP, "it cannot send packets that are redirected" },
	{ ENETDOWN, "it is down" },
	{ EMSGSIZE, "the packet is longer than its MTU" },
	{ EINVAL, "there is no such device any more" },
	{ EOVERFLOW, "the packet had no room for the kernel's own notes" },
	{ ENOSPC, "its queue is full" },
};

const char *dp_lost_word(uint32_t reason)
{
	if (reason == XRING_LOST_FULL)
		return "full";
	if (reason == XRING_LOST_REFUSED)
		return "refused";
	return strerrorname_np(reason) ?: "unknown";
}

const char *dp_lost_help(uint32_t reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].reason == reason)
			return reasons[i].help;
	return errno_text(reason);
}
