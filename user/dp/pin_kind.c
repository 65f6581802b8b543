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

#define ASIDE_MAX 9

/* A name in the same folder that is free: bad_NAME, bad2_NAME and so on. */
static void aside_path(const char *path, char ret[PATH_MAX])
{
	const char *name = strrchr(path, '/') + 1;
	int folder = name - path;
	struct stat any;

	snprintf(ret, PATH_MAX, "%.*sbad_%s", folder, path, name);
	for (unsigned i = 2; i <= ASIDE_MAX && !lstat(ret, &any); i++)
		snprintf(ret, PATH_MAX, "%.*sbad%u_%s", folder, path, i, name);
}

int pin_kind_check(const char *path, const char *kind)
{
	char aside[PATH_MAX];
	struct stat st;

	if (lstat(path, &st) || is_right(path, &st, kind))
		return 0;
	aside_path(path, aside);
	if (rename(path, aside))
		return log_err(-errno, "%s is no pinned %s, and cannot be renamed", path, kind);
	log_warn("%s is no pinned %s: it is %s now", path, kind, aside);
	return 0;
}
