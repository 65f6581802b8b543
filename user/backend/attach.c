// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include <xring/decap.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/value/prefix.h"
#include "decap.skel.h"

#define PROGRAM "decap"

static uint32_t device_index(const char *device, struct why *why)
{
	uint32_t index = if_nametoindex(device);

	if (!index)
		why_set(why, -ENODEV, "interface %s: want one that there is", device);
	return index;
}

static int program_name(uint32_t id, char ret[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);
	_close_ int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	memcpy(ret, info.name, BPF_OBJ_NAME_LEN);
	return 0;
}

/* The program on the interface; id 0: there is none. */
static int query(uint32_t index, const char *device, struct attached *ret, struct why *why)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	char name[BPF_OBJ_NAME_LEN];
	int err = bpf_xdp_query(index, 0, &q);

	if (err)
		return why_set(why, err, "interface %s: %s", device, errno_text(-err));
	*ret = (struct attached){ q.drv_prog_id ?: q.skb_prog_id ?: q.hw_prog_id ?: q.prog_id,
				  q.skb_prog_id && !q.drv_prog_id ? "generic" : "native" };
	if (!ret->id)
		return 0;
	err = program_name(ret->id, name);
	if (err)
		return why_set(why, err, "interface %s: its XDP program: %s", device,
			       errno_text(-err));
	if (strcmp(name, PROGRAM))
		return why_set(why, -EBUSY, "interface %s runs another XDP program, %s: "
			       "want it taken off first", device, name);
	return 0;
}

static void key_of(const struct prefix *p, struct decap_network *ret)
{
	*ret = (struct decap_network){ .bits = p->bits };
	if (p->address.family == AF_INET6) {
		memcpy(ret->address, p->address.bytes, 16);
		return;
	}
	ret->bits += XRING_DECAP_BITS4;
	ret->address[10] = ret->address[11] = 0xff;
	memcpy(ret->address + 12, p->address.bytes, 4);
}

static int list_fill(const struct bpf_map *map, const struct networks *networks, struct why *why)
{
	for (size_t i = 0; i < networks->count; i++) {
		struct decap_network key;
		uint8_t there = 1;
		int err;

		key_of(&networks->list[i], &key);
		err = bpf_map__update_elem(map, &key, sizeof(key), &there, sizeof(there), 0);
		if (err)
			return why_set(why, err, "%s: %s", bpf_map__name(map), errno_text(-err));
	}
	return 0;
}

/* The program's descriptor, the caller's to close. */
static int program_load(const struct attach *wanted, struct why *why)
{
	struct decap_bpf *skel = decap_bpf__open();
	int err, fd = -1;

	if (!skel)
		return why_set(why, -errno, "the program: %s", errno_text(errno));
	skel->rodata->listed = 1;
	skel->rodata->gue_port = wanted->gue_port;
	bpf_program__set_flags(skel->progs.decap, BPF_F_XDP_HAS_FRAGS);	/* jumbo frames */
	bpf_program__set_autoload(skel->progs.decap_frags, false);
	err = decap_bpf__load(skel);
	if (err)
		why_set(why, err, "the kernel did not take the XDP program: %s: want root, or "
			"CAP_BPF and CAP_NET_ADMIN, and Linux 6.1 or later", errno_text(-err));
	err = err ?: list_fill(skel->maps.balancers, &wanted->balancers, why) ?:
	      list_fill(skel->maps.vips, &wanted->vips, why);
	if (!err)
		fd = dup(bpf_program__fd(skel->progs.decap));
	decap_bpf__destroy(skel);
	return err ?: fd >= 0 ? fd : why_set(why, -errno, "the program: %s", errno_text(errno));
}

static int attach_as(uint32_t index, int fd, const struct attached *before, uint32_t mode)
{
	_close_ int old = before->id ? bpf_prog_get_fd_by_id(before->id) : -1;
	LIBBPF_OPTS(bpf_xdp_attach_opts, replaces, .old_prog_fd = old);

	if (!before->id)
		return bpf_xdp_attach(index, fd, mode | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (old < 0)
		return -errno;
	return bpf_xdp_attach(index, fd, mode | XDP_FLAGS_REPLACE, &replaces);
}

int attach(const struct attach *wanted, const char **ret_mode, struct why *why)
{
	uint32_t index = device_index(wanted->device, why);
	struct attached before;
	_close_ int fd = -1;
	bool native;
	int err;

	if (!index)
		return -ENODEV;
	err = query(index, wanted->device, &before, why);
	if (err)
		return err;
	fd = program_load(wanted, why);
	if (fd < 0)
		return fd;
	/* A program that is there keeps its mode: the kernel replaces it only by one of the same. */
	native = before.id ? !strcmp(before.mode, "native") : wanted->mode != ATTACH_GENERIC;
	err = attach_as(index, fd, &before, native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	if (err && native && !before.id && wanted->mode == ATTACH_ANY) {
		native = false;
		err = attach_as(index, fd, &before, XDP_FLAGS_SKB_MODE);
	}
	if (err)
		return why_set(why, err, "interface %s: %s", wanted->device, errno_text(-err));
	*ret_mode = native ? "native" : "generic";
	return 0;
}

int attached_get(const char *device, struct attached *ret, struct why *why)
{
	uint32_t index = device_index(device, why);
	int err = index ? query(index, device, ret, why) : -ENODEV;

	if (!err && !ret->id)
		return why_set(why, -ENOENT, "interface %s runs no program of xring-backend", device);
	return err;
}

int detach(const char *device, struct why *why)
{
	struct attached there;
	int err = attached_get(device, &there, why);
	LIBBPF_OPTS(bpf_xdp_attach_opts, replaces);
	_close_ int old = -1;
	uint32_t mode;

	if (err)
		return err;
	old = replaces.old_prog_fd = bpf_prog_get_fd_by_id(there.id);
	mode = !strcmp(there.mode, "native") ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	err = old < 0 ? -errno :
			bpf_xdp_detach(if_nametoindex(device), mode | XDP_FLAGS_REPLACE, &replaces);
	return err ? why_set(why, err, "interface %s: %s", device, errno_text(-err)) : 0;
}
