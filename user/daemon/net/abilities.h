/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_ABILITIES_H
#define XRING_DAEMON_NET_ABILITIES_H

#include <stdbool.h>
#include <stdint.h>

/* What a network device is and what it can do with XDP, as the kernel says now. */
enum ability_sends {
	ABILITY_UNKNOWN,		/* the kernel does not say: it is older than 6.3 */
	ABILITY_SENDS,			/* it sends packets that are redirected to it */
	ABILITY_SENDS_NOT,
};

struct ability {
	char kind[16];			/* "bridge", "veth" and the like; empty: hardware, mostly */
	uint32_t program;		/* the id of its XDP program; 0: it has none */
	bool native;			/* the program runs in the driver */
	enum ability_sends sends;
	int64_t features;		/* NETDEV_XDP_ACT_ bits of linux/netdev.h; -1: the kernel does not say */
};

/* 0, or a negative errno: -ENODEV is the answer that there is no such device. */
int ability_get(uint32_t ifindex, struct ability *ret);

/* May the device take VLAN tags off a frame before a program sees it (rx-vlan-offload)? */
bool ability_strips_tags(const char *device);

#endif
