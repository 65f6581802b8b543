// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/pass.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "dp/dp.h"
#include "dp/pinned.h"
#include "pass.skel.h"

#define PASS_PREFIX "pass-"

static const char *pass_path(const struct dp *dp, uint32_t ifindex, char buf[300])
{
	snprintf(buf, 300, "%s/" PASS_PREFIX "%u", dp->dir, ifindex);
	return buf;
}

/* The device that a link is attached to; 0: none any more. */
static uint32_t link_device(int fd)
{
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) || info.type != BPF_LINK_TYPE_XDP)
		return 0;
	return info.xdp.ifindex;
}

bool dp_pass_is(const struct dp *dp, uint32_t ifindex)
{
	char path[300];
	_close_ int fd = -1;

	if (access(pass_path(dp, ifindex, path), F_OK))
		return false;
	fd = pinned_open(path, PINNED_LINK);
	return fd >= 0 && link_device(fd) == ifindex;
}

static struct pass_bpf *pass_load(void)
{
	struct pass_bpf *skel = pass_bpf__open();

	if (!skel)
		return NULL;
	bpf_program__set_flags(skel->progs.pass, BPF_F_XDP_HAS_FRAGS);	/* jumbo frames */
	bpf_program__set_autoload(skel->progs.pass_frags, false);
	if (!pass_bpf__load(skel))
		return skel;
	pass_bpf__destroy(skel);
	return NULL;
}

int dp_pass_attach(struct dp *dp, const char *name, uint32_t ifindex, struct why *why)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	struct pass_bpf *skel = pass_load();
	_close_ int fd = skel ? bpf_link_create(bpf_program__fd(skel->progs.pass), ifindex,
						BPF_XDP, &opts) : -1;
	int err = fd < 0 ? -errno : 0;
	char path[300];

	pass_path(dp, ifindex, path);
	if (!err) {
		remove(path);
		err = bpf_obj_pin(fd, path) ? -errno : 0;
	}
	if (skel)
		pass_bpf__destroy(skel);
	return err ? why_set(why, err, "%s: %s", name, errno_text(-err)) : 0;
}

void dp_pass_detach(struct dp *dp, uint32_t ifindex)
{
	char path[300];
	_close_ int fd = -1;

	if (access(pass_path(dp, ifindex, path), F_OK))
		return;
	fd = pinned_open(path, PINNED_LINK);
	if (fd >= 0)
		bpf_link_detach(fd);
	remove(path);
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

void dp_pass_sweep(struct dp *dp, bool (*stay)(void *context, uint32_t ifindex), void *context)
{
	__attribute__((cleanup(closedirp))) DIR *dir = opendir(dp->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		uint32_t ifindex;

		if (sscanf(entry->d_name, PASS_PREFIX "%u", &ifindex) != 1 ||
		    (stay(context, ifindex) && dp_pass_is(dp, ifindex)))
			continue;
		log_info("interface %u: the program that passes everything is taken off", ifindex);
		dp_pass_detach(dp, ifindex);
	}
}
