// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

static const struct {
	const char *name;
	/* The kernel's names of such a file: one that was opened from a pin, and a new one. */
	const char *opened, *made;
} kinds[] = {
	[PINNED_MAP] = { "map", "anon_inode:bpf-map", "anon_inode:bpf-map" },
	[PINNED_PROGRAM] = { "program", "anon_inode:bpf-prog", "anon_inode:bpf-prog" },
	[PINNED_LINK] = { "link", "anon_inode:bpf-link", "anon_inode:bpf_link" },
};

/*
 * bpf_obj_get_info_by_fd() does not say whether it tells of a map, a program or a link.
 * 1: of that kind, 0: of another.
 */
static int is_kind(int fd, enum pinned_kind kind)
{
	char proc[64], file[64] = "";

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (readlink(proc, file, sizeof(file) - 1) < 0)
		return log_err(-errno, "%s", proc);
	return !strcmp(file, kinds[kind].opened) || !strcmp(file, kinds[kind].made);
}

#define ASIDE_MAX 100

/*
 * Renames what is no such pin to bad_NAME in the same folder; to bad_NAME_1 and so on where a
 * directory that holds something stands there. -ENOENT: nothing is at the path now.
 */
static int set_aside(const char *path, enum pinned_kind kind)
{
	const char *name = strrchr(path, '/') + 1;
	char aside[PATH_MAX], number[8] = "";

	for (int i = 1; i < ASIDE_MAX; i++) {
		snprintf(aside, sizeof(aside), "%.*sbad_%s%s", (int)(name - path), path, name, number);
		remove(aside);
		if (!rename(path, aside)) {
			log_warn("%s is no pinned %s: it is bad_%s%s now", path, kinds[kind].name,
				 name, number);
			return -ENOENT;
		}
		snprintf(number, sizeof(number), "_%d", i);
	}
	return log_err(-errno, "%s is no pinned %s, and cannot be renamed", path, kinds[kind].name);
}

int pinned_open(const char *path, enum pinned_kind kind)
{
	_close_ int fd = -1;
	struct stat st;
	int right;

	if (lstat(path, &st))
		return errno == ENOENT ? -ENOENT : log_err(-errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return set_aside(path, kind);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT :
		       log_err(-errno, "pinned %s %s", kinds[kind].name, path);
	right = is_kind(fd, kind);
	if (right < 0)
		return right;
	return right ? take_fd(&fd) : set_aside(path, kind);
}

int pinned_map(const char *path, struct bpf_map_info *ret)
{
	_close_ int fd = pinned_open(path, PINNED_MAP);
	uint32_t len = sizeof(*ret);

	if (fd < 0)
		return fd;
	*ret = (struct bpf_map_info){};
	if (bpf_obj_get_info_by_fd(fd, ret, &len))
		return log_err(-errno, "pinned map %s", path);
	return take_fd(&fd);
}

bool pinned_is_array(const struct bpf_map_info *info)
{
	return info->type == BPF_MAP_TYPE_ARRAY && info->key_size == sizeof(uint32_t);
}
