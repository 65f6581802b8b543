/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_STACK_H
#define XRING_DAEMON_NET_STACK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Devices over others: a VLAN device, a bond, a bridge, a macvlan device, or several of them over one
 * another. XDP redirects to none of these but some bonds, so a frame that a route leads to such a device
 * must leave by the device at the bottom, as the kernel would send it there: with the tags of the VLANs on
 * the way down, by the bond's active device, by the bridge's port that has the receiver.
 */
enum stack_kind {
	STACK_BOTTOM,			/* over nothing, as far as is known: a NIC, a veth */
	STACK_VLAN,
	STACK_MACVLAN,
	STACK_BOND,
	STACK_BRIDGE,
	STACK_UNKNOWN,			/* over others in a way that is not resolved: a team, a VRF */
};

/* By the kernel's word for a kind of device. */
enum stack_kind stack_kind_of(const char *word);

struct stack_link {
	enum stack_kind kind;
	bool up;
	bool sends;			/* a bond: it takes redirected packets itself */
	bool filters;			/* a bridge: it filters VLANs */
	uint16_t tag;			/* a VLAN device: as in XRING_TAGS() */
	uint32_t mtu;
	uint32_t below;			/* of VLAN, macvlan, bond: the device that sends; 0: none here does */
};

/* What the walk asks; each answers 0 or a negative errno. */
struct stack_questions {
	void *context;
	int (*link)(void *context, uint32_t ifindex, struct stack_link *ret);
	/* The port of a bridge that has a MAC address; 0: none has. */
	int (*port)(void *context, uint32_t bridge, const uint8_t mac[6], uint32_t *ret);
};

struct stack_bottom {
	uint32_t ifindex;		/* 0: not known, as mac is not */
	uint32_t tags;			/* XRING_TAGS() of frames there */
	uint32_t mtu;			/* the least of all devices on the way down */
	bool stacked;			/* it is another device than that of the route */
};

/*
 * From the device of a route to the device that sends. mac: of the receiver; NULL: not known yet, which
 * leaves it open below a bridge. 0 and *ret_why NULL: it is found; 0 and a reason: it cannot be; else the
 * error of a question.
 */
int stack_walk(const struct stack_questions *questions, uint32_t ifindex, const uint8_t *mac,
	       struct stack_bottom *ret, const char **ret_why);

#endif
