// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "dp/dp.h"
#include "dp/interfaces.h"
#include "dp/links.h"
#include "dp/pinned.h"

#define MAPS_MAX 32

struct program {
	struct bpf_prog_info info;
	uint32_t maps[MAPS_MAX];
};

static int program_read(int fd, struct program *ret)
{
	uint32_t len = sizeof(ret->info);

	memset(ret, 0, sizeof(*ret));
	ret->info.map_ids = (uintptr_t)ret->maps;
	ret->info.nr_map_ids = MAPS_MAX;
	return bpf_obj_get_info_by_fd(fd, &ret->info, &len) ? -errno : 0;
}

static bool has_map(const struct program *p, uint32_t id)
{
	for (uint32_t i = 0; i < p->info.nr_map_ids && i < MAPS_MAX; i++)
		if (p->maps[i] == id)
			return true;
	return false;
}

int program_uses(const struct dp *dp, int map)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	struct program p;
	_close_ int fd = -1;
	char path[280];
	int err;

	snprintf(path, sizeof(path), "%s/prog", dp->dir);
	fd = pinned_open(path, PINNED_PROGRAM);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = program_read(fd, &p);
	if (!err && bpf_obj_get_info_by_fd(map, &info, &len))
		err = -errno;
	return err ? log_err(err, "pinned program %s", path) : has_map(&p, info.id);
}

uint32_t program_pinned(const char *bpffs)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	_close_ int fd = -1;
	char path[280];

	snprintf(path, sizeof(path), "%.200s/xring/prog", bpffs);
	fd = bpf_obj_get(path);
	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static bool same_code(const struct program *a, const struct program *b)
{
	return !memcmp(a->info.tag, b->info.tag, sizeof(a->info.tag));
}

/*
 * Does a program use the same pinned maps as ours? Other maps do not count: the constants
 * of each program are in a map of its own.
 */
static bool same_maps(const struct dp *dp, const struct program *p, const struct program *ours)
{
	for (uint32_t i = 0; i < dp->map_count; i++)
		if (has_map(ours, dp->maps[i]) && !has_map(p, dp->maps[i]))
			return false;
	return true;
}

/* Puts the new program in the place of the old one: first the pin, then each link. */
static int program_replace(struct dp *dp, int fd, const char *path)
{
	char fresh[300];

	snprintf(fresh, sizeof(fresh), "%s_new", path);	/* bpffs refuses dots */
	remove(fresh);
	step();
	if (bpf_obj_pin(fd, fresh))
		return log_err(-errno, "pin %s", fresh);
	step();
	if (rename(fresh, path))
		return log_err(-errno, "pin %s", path);
	return links_update(dp, fd);
}

/*
 * Logs interfaces with a program that `ip link` has loaded from the object file. Such a
 * program serves, if it uses these maps, but stays as it was compiled. A lack of privileges
 * may hide it.
 */
static void others_report(const struct dp *dp, const struct program *ours)
{
	_free_ struct dp_interface *list = NULL;
	size_t count = 0;

	if (dp_interfaces(dp, &list, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		_close_ int fd = -1;
		struct program other;

		if (list[i].prog_id == ours->info.id || !strcmp(list[i].by, "pass"))
			continue;
		fd = bpf_prog_get_fd_by_id(list[i].prog_id);
		if (fd < 0 || program_read(fd, &other))
			log_info("%s runs another XDP program (id %u)", list[i].name,
				 list[i].prog_id);
		else if (!same_maps(dp, &other, ours))
			log_warn("%s runs an XDP program (id %u) that is not on these maps",
				 list[i].name, list[i].prog_id);
		else
			log_info("%s runs xring from an object file (id %u) on these maps: "
				 "adopted%s", list[i].name, list[i].prog_id,
				 same_code(&other, ours) ? "" : ", of another version");
	}
}

int program_pin(struct dp *dp, int fresh)
{
	struct program ours, old;
	_close_ int pinned = -1;
	char path[280];
	int err;

	snprintf(path, sizeof(path), "%s/prog", dp->dir);
	pinned = pinned_open(path, PINNED_PROGRAM);
	if (pinned < 0 && pinned != -ENOENT)
		return pinned;
	err = program_read(fresh, &ours);
	if (err)
		return log_err(err, "program");
	if (pinned >= 0 && !program_read(pinned, &old) && same_code(&old, &ours) &&
	    same_maps(dp, &old, &ours)) {
		ours = old;
		err = links_update(dp, pinned);
	} else {
		if (pinned >= 0)
			log_info("the pinned program is replaced by this version's");
		closep(&pinned);
		pinned = fcntl(fresh, F_DUPFD_CLOEXEC, 3);
		err = pinned < 0 ? log_err(-errno, "program") : program_replace(dp, pinned, path);
	}
	if (err)
		return err;
	dp->prog_id = ours.info.id;
	dp->prog_insns = ours.info.verified_insns;
	dp->prog_compiled = ours.info.jited_prog_len;
	dp->prog_fd = take_fd(&pinned);
	others_report(dp, &ours);
	return 0;
}
