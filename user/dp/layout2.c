// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/layout2.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "core/vip/vips.h"
#include "dp/dp.h"
#include "dp/pinned.h"
#include "dp/write.h"

/* The configuration had a map of its own; all but the first word is where it was. */
struct config2 {
	uint32_t abi;
	uint32_t window;
	uint64_t vips;
	uint64_t hash_key[XRING_HASH_KEYS];
	uint64_t clock;
	uint64_t ingresses[XRING_INGRESSES];
};

struct vips2 {
	struct xring_slot slot[2 * XRING_VIP_SLOTS];
};

struct template2 {
	uint32_t ifindex;
	uint16_t mtu;
	uint8_t kind;			/* enum xring_kind */
	uint8_t live;			/* in the first of two: which of them counts */
	uint8_t eth[14];
	uint16_t generation;
	uint8_t ip[40];			/* without the next protocol, and its part of the sum */
};

struct backend2 {
	struct template2 t[2];
};

static int map_get(const char *pins, const char *name, uint32_t value_size)
{
	struct bpf_map_info info;
	_close_ int fd = -1;
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", pins, name);
	fd = pinned_map(path, &info);
	if (fd < 0)
		return fd == -ENOENT ? log_err(fd, "pinned map %s", path) : fd;
	if (pinned_is_array(&info) && info.value_size == value_size)
		return take_fd(&fd);
	log_err(0, "pinned map %s: %u bytes a value, want an array of %u", path, info.value_size,
		value_size);
	return -EINVAL;
}

static int vips_fill(struct dp *dp, const char *pins)
{
	_close_ int config_fd = map_get(pins, "xring_config", sizeof(struct config2));
	_close_ int vips_fd = map_get(pins, "xring_vips", sizeof(struct vips2));
	_free_ struct vips2 *vips = malloc(sizeof(*vips));
	struct config2 config;
	uint32_t zero = 0;

	if (config_fd < 0 || vips_fd < 0)
		return config_fd < 0 ? config_fd : vips_fd;
	if (!vips)
		return -ENOMEM;
	if (bpf_map_lookup_elem(config_fd, &zero, &config) ||
	    bpf_map_lookup_elem(vips_fd, &zero, vips))
		return log_err(-errno, "pinned maps of VIPs");
	memcpy(dp->vips->slot, vips->slot, sizeof(vips->slot));
	memcpy(dp->config->hash_key, config.hash_key, sizeof(config.hash_key));
	memcpy(dp->config->ingresses, config.ingresses, sizeof(config.ingresses));
	dp->config->clock = config.clock;
	dp->config->vips = config.vips;
	dp->config->sources = vips_sources(vips->slot, 2 * XRING_VIP_SLOTS);
	return 0;
}

/* Adds the next protocol to an outer header, and to the sum where there is one. */
static void header_complete(struct xring_template *t)
{
	struct ipv6hdr *ip6 = (void *)t->ip;
	struct iphdr *ip = (void *)t->ip;
	uint32_t sum;

	if (t->kind == XRING_IPIP6)
		ip6->nexthdr = IPPROTO_IPIP;
	if (t->kind != XRING_IPIP4)
		return;
	ip->protocol = IPPROTO_IPIP;
	sum = ip->check + htons(IPPROTO_IPIP);
	ip->check = (sum & 0xffff) + (sum >> 16);
}

static int templates_fill(struct dp *dp, const char *pins)
{
	_close_ int fd = map_get(pins, "xring_backends", sizeof(struct backend2));
	struct backend2 from;

	if (fd < 0)
		return fd;
	for (uint32_t id = 0; id < dp->backend_count; id++) {
		struct xring_template to;
		const struct template2 *t;

		if (bpf_map_lookup_elem(fd, &id, &from)) {
			if (errno == ENOENT)
				break;	/* there were fewer */
			return log_err(-errno, "pinned map of backends");
		}
		t = &from.t[from.t[0].live & 1];
		to = (struct xring_template){ .ifindex = t->ifindex, .kind = t->kind,
					      .mtu = t->mtu, .generation = t->generation };
		memcpy(to.eth, t->eth, sizeof(to.eth));
		memcpy(to.ip, t->ip, sizeof(to.ip));
		header_complete(&to);
		dp->backends[id].t[0] = to;	/* no program uses the map yet */
	}
	return 0;
}

int layout2_fill(struct dp *dp, const char *pins)
{
	if (dp->abi_found != LAYOUT2)
		return 0;
	/* Files of that version have this; the maps, if any, are of a take-over that was killed. */
	memset(dp->since, 0, dp->cell_count / 2 * sizeof(*dp->since));
	memset(dp->keys, 0, XRING_HOT_BUCKETS * XRING_HOT_WAYS * sizeof(*dp->keys));
	return vips_fill(dp, pins) ?: templates_fill(dp, pins);
}

void layout2_forget(const struct dp *dp)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/../tc/globals/xring_backends", dp->dir);
	unlink(path);
}
