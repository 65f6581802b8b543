// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/pin_kind.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

/* As "anon_inode:bpf-map" under /proc/self/fd; without /proc any object counts as right. */
static bool is_kind(int fd, const char *kind)
{
	char path[64], name[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, name, sizeof(name) - 1) < 0)
		return true;
	return strstr(name, kind);
}

/* A pin that may not be opened is not known to be wrong: whoever opens it says so. */
static bool is_right(const char *path, const struct stat *st, const char *kind)
{
	_close_ int fd = -1;

	if (!S_ISREG(st->st_mode))
		return false;
	fd = bpf_obj_get(path);
	return fd < 0 || is_kind(fd, kind);
}

int pin_kind_check(const char *path, const char *kind)
{
	const char *name = strrchr(path, '/') + 1;
	char aside[PATH_MAX];
	struct stat st;

	if (lstat(path, &st) || is_right(path, &st, kind))
		return 0;
	snprintf(aside, sizeof(aside), "%.*sbad_%s", (int)(name - path), path, name);
	remove(aside);
	if (rename(path, aside))
		return log_err(-errno, "%s is no pinned %s, and cannot be renamed", path, kind);
	log_warn("%s is no pinned %s: it is bad_%s now", path, kind, name);
	return 0;
}
