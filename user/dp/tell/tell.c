// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/tell/tell.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"
#include "dp/pinned.h"
#include "explain.skel.h"

struct dp_tell {
	struct explain_bpf *skel;
	struct xring_told *told;	/* what the program writes */
};

/* Maps that the program writes to, so that it has its own. */
static const char *const own[] = {
	"xring_told", "xring_path", "xring_uncommon", "xring_taken", "xring_answers",
};

/* Maps that it does not use, since it counts nothing. */
static const char *const unused[] = {
	"xring_counters", "xring_events", "xring_traffic", "xring_placed", "xring_homes", "xring_heat",
	"xring_drops", "xring_samples", "xring_tokens", "xring_turn", "xring_owners", "xring_routes",
	"xring_since", "xring_keys", "xring_received", "xring_asks", "xring_config",
};

static bool is_among(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

static int map_share(struct bpf_map *map, int fd)
{
	_close_ int owned = fd;

	return fd < 0 ? fd : bpf_map__reuse_fd(map, owned);
}

static int maps_share(const struct explain_bpf *skel, const struct dp_tell_maps *maps)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, skel->obj) {
		const char *name = bpf_map__name(map);
		int err = 0;

		if (strchr(name, '.'))
			continue;	/* constants */
		bpf_map__set_pin_path(map, NULL);
		if (is_among(unused, ARRAY_SIZE(unused), name))
			err = bpf_map__set_autocreate(map, false);
		else if (!is_among(own, ARRAY_SIZE(own), name))
			err = map_share(map, maps->fd(maps->context, name));
		if (err)
			return log_err(err, "explain: map %s", name);
	}
	return 0;
}

static int load(struct dp_tell *tell)
{
	void *memory;
	int err;

	bpf_program__set_flags(tell->skel->progs.xring, BPF_F_XDP_HAS_FRAGS);
	err = explain_bpf__load(tell->skel);
	if (err)
		return log_err(err, "explain: the kernel did not take the program");
	memory = mmap(NULL, (sizeof(*tell->told) + 4095) / 4096 * 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED, bpf_map__fd(tell->skel->maps.xring_told), 0);
	if (memory == MAP_FAILED)
		return log_err(-errno, "explain");
	tell->told = memory;
	return 0;
}

int dp_tell_open_on(const struct dp_tell_maps *maps, struct dp_tell **ret)
{
	struct dp_tell *tell = calloc(1, sizeof(*tell));
	int err;

	if (!tell)
		return -ENOMEM;
	tell->skel = explain_bpf__open();
	if (tell->skel)
		tell->skel->rodata->clock_stopped = maps->clock_stopped;
	err = tell->skel ? maps_share(tell->skel, maps) ?: load(tell) : log_err(-errno, "explain");
	if (err)
		dp_tell_close(tell);
	else
		*ret = tell;
	return err;
}

static int pinned_fd(const void *context, const char *name)
{
	const struct dp *dp = context;
	struct bpf_map_info info;
	char path[320];

	snprintf(path, sizeof(path), "%s/../tc/globals/%s", dp->dir, name);
	return pinned_map(path, &info);
}

int dp_tell_open(const struct dp *dp, struct dp_tell **ret)
{
	const struct dp_tell_maps maps = { .fd = pinned_fd, .context = dp };

	return dp_tell_open_on(&maps, ret);
}

void dp_tell_close(struct dp_tell *tell)
{
	if (!tell)
		return;
	if (tell->told)
		munmap(tell->told, (sizeof(*tell->told) + 4095) / 4096 * 4096);
	explain_bpf__destroy(tell->skel);
	free(tell);
}

int dp_tell(const struct dp_tell *tell, const uint8_t *frame, size_t len, uint32_t ifindex,
	    struct dp_told *ret)
{
	struct xdp_md in = { .data_end = len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len,
		    .data_out = ret->frame, .data_size_out = sizeof(ret->frame), .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .repeat = 1);

	tell->told->count = 0;
	if (bpf_prog_test_run_opts(bpf_program__fd(tell->skel->progs.xring), &run))
		return -errno;
	ret->told = *tell->told;
	ret->verdict = run.retval;
	ret->len = run.data_size_out;
	return 0;
}
