// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/tell/tell.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"
#include "dp/pinned.h"
#include "explain.skel.h"

struct dp_tell {
	int prog_fd;
	int told_fd;			/* of the map that the program writes to */
	struct xring_told *told;	/* the same in memory */
};

#define TOLD_BYTES ((sizeof(struct xring_told) + 4095) / 4096 * 4096)

/* Maps that the program writes to, so that it has its own. */
static const char *const own[] = {
	"xring_path", "xring_uncommon", "xring_taken", "xring_answers",
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
			continue;	/* constants, and what it tells */
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

/* Takes the descriptors over, also on an error. */
static int tell_new(int prog_fd, int told_fd, struct dp_tell **ret)
{
	struct dp_tell *tell = malloc(sizeof(*tell));
	void *memory = tell && prog_fd >= 0 && told_fd >= 0 ?
			       mmap(NULL, TOLD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, told_fd, 0) :
			       MAP_FAILED;

	if (memory == MAP_FAILED) {
		closep(&prog_fd);
		closep(&told_fd);
		free(tell);
		return -ENOMEM;
	}
	*tell = (struct dp_tell){ prog_fd, told_fd, memory };
	*ret = tell;
	return 0;
}

static int load(const struct dp_tell_maps *maps, struct explain_bpf *skel, struct dp_tell **ret)
{
	int err;

	skel->rodata->clock_stopped = maps->clock_stopped;
	bpf_program__set_flags(skel->progs.xring, BPF_F_XDP_HAS_FRAGS);
	err = maps_share(skel, maps);
	if (err)
		return err;
	err = explain_bpf__load(skel);
	if (err)
		return log_err(err, "explain: the kernel did not take the program");
	return tell_new(fcntl(bpf_program__fd(skel->progs.xring), F_DUPFD_CLOEXEC, 3),
			fcntl(bpf_map__fd(skel->maps.bss), F_DUPFD_CLOEXEC, 3), ret);
}

int dp_tell_open_on(const struct dp_tell_maps *maps, struct dp_tell **ret)
{
	struct explain_bpf *skel = explain_bpf__open();
	int err = skel ? load(maps, skel, ret) : log_err(-errno, "explain");

	explain_bpf__destroy(skel);
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
	munmap(tell->told, TOLD_BYTES);
	closep(&tell->prog_fd);
	closep(&tell->told_fd);
	free(tell);
}

/* ---- from one process to another (unix(7), SCM_RIGHTS) ---- */

#define HANDED 2			/* descriptors */

union handed {
	struct cmsghdr head;
	char room[CMSG_SPACE(HANDED * sizeof(int))];
};

int dp_tell_send(const struct dp_tell *tell, int socket)
{
	const int fds[HANDED] = { tell->prog_fd, tell->told_fd };
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union handed control = {};
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
					 .cmsg_len = CMSG_LEN(sizeof(fds)) };
	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int dp_tell_receive(int socket, struct dp_tell **ret)
{
	int fds[HANDED];
	char byte;
	struct iovec part = { &byte, 1 };
	union handed control = {};
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	if (control.head.cmsg_type != SCM_RIGHTS || control.head.cmsg_len != CMSG_LEN(sizeof(fds)))
		return -EPROTO;
	memcpy(fds, CMSG_DATA(&control.head), sizeof(fds));
	return tell_new(fds[0], fds[1], ret);
}

int dp_tell(const struct dp_tell *tell, const uint8_t *frame, size_t len, uint32_t ifindex,
	    struct dp_told *ret)
{
	struct xdp_md in = { .data_end = len, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len,
		    .data_out = ret->frame, .data_size_out = sizeof(ret->frame), .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .repeat = 1);

	tell->told->count = 0;
	if (bpf_prog_test_run_opts(tell->prog_fd, &run))
		return -errno;
	ret->told = *tell->told;
	ret->verdict = run.retval;
	ret->len = run.data_size_out;
	return 0;
}
