// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/check.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "base/log.h"
#include "base/util.h"
#include "check.skel.h"
#include "dp/dp.h"
#include "dp/pinned.h"

/* Where the filter is among those of others at lo. */
#define HANDLE 0x7872
#define PRIORITY 0x7872

static struct bpf_tc_hook hook(void)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = if_nametoindex("lo"),
		.attach_point = BPF_TC_EGRESS,
	};
}

static int attach(const struct check_bpf *skel)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY,
		    .flags = BPF_TC_F_REPLACE, .prog_fd = bpf_program__fd(skel->progs.check));
	struct bpf_tc_hook lo = hook();
	int err = bpf_tc_hook_create(&lo);

	return err && err != -EEXIST ? err : bpf_tc_attach(&lo, &opts);
}

int dp_check_attach(const struct dp *dp)
{
	struct check_bpf *skel = check_bpf__open();
	struct bpf_map_info info;
	_close_ int fd = -1;
	char path[300];
	int err;

	snprintf(path, sizeof(path), "%s/../tc/globals/xring_templates", dp->dir);
	fd = pinned_map(path, &info);
	if (!skel)
		return log_err(-ENOMEM, "checks via vip");
	err = fd < 0 ? fd : bpf_map__reuse_fd(skel->maps.xring_templates, fd);
	err = err ?: check_bpf__load(skel) ?: attach(skel);
	check_bpf__destroy(skel);
	return err ? log_err(err, "checks via vip: the program at lo") : 0;
}

void dp_check_detach(void)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY);
	struct bpf_tc_hook lo = hook();

	bpf_tc_detach(&lo, &opts);
}
