/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_DEVICES_H
#define XRING_DAEMON_NET_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The network devices of this host, asked of the kernel (rtnetlink) and followed. */
struct loop;
struct devices;

struct device {
	uint32_t ifindex;
	char name[16];
	uint8_t mac[6];			/* zeros: it has none */
	uint16_t tag;			/* of a VLAN device, as in XRING_TAGS(); 0: it is none */
	uint32_t link;			/* of a VLAN device: the index of the device below */
	uint32_t master;		/* the index of the bridge, bond or the like that it belongs to; 0: none */
	uint32_t active;		/* of a bond: the index of its active device; 0: none, or all are */
	bool stacked;			/* it is over others (stack.h) */
};

/*
 * changed: is called when a device has come, gone, or has another name or MAC address. Where the
 * kernel's answer is not to be had, devices_open() goes on without, and asks again each second.
 */
int devices_open(struct loop *loop, void (*changed)(void *context), void *context,
		 struct devices **ret);
void devices_close(struct devices *devices);

/* All devices, in the order of their indexes; until the loop's next turn. */
const struct device *devices_list(const struct devices *devices, size_t *ret_count);
/* NULL: there is no such device. */
const struct device *devices_named(const struct devices *devices, const char *name);
const struct device *devices_at(const struct devices *devices, uint32_t ifindex);

/* Is any device over others? */
bool devices_stacked(const struct devices *devices);

/*
 * The device below the VLANs that a device may be, and their XRING_TAGS(), 0 if it is none. NULL: it
 * is not there, or there are more than two tags.
 */
const struct device *devices_below(const struct devices *devices, const struct device *device,
				   uint32_t *ret_tags);

#endif
