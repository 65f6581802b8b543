/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_RECORDS_H
#define XRING_ABI_RECORDS_H

#include <linux/types.h>

#include <xring/flow.h>
#include <xring/sizes.h>

/*
 * Records that the daemon writes for the next daemon, which learns from them what the other
 * maps hold. They are maps so that they live and end with those others. The datapath never
 * reads them.
 */

/*
 * An element of xring_owners, by id: who has the id, and how that backend stands. Times are
 * CLOCK_MONOTONIC in ns; 0 is never.
 */
struct xring_owner {
	char service[XRING_NAME_MAX + 1];	/* empty: the id is free */
	char backend[XRING_NAME_MAX + 1];
	__be32 addr[4];			/* IPv4 in addr[0] */
	__u16 port;			/* host byte order; 0: the port of the VIP */
	__u8 family;			/* AF_INET or AF_INET6 */
	__u8 health;			/* enum health_state of the daemon */
	__u32 generation;		/* of the id; one more for each life of the backend */
	__u64 health_since;
	__u64 drain_until;		/* then the backend's flows are cut */
	__u64 ramp_from;		/* slow start: the backend came back then */
	__u64 joined;			/* 0: the backend is as old as its service */
	__u8 agent_less;		/* what its agent said (struct agent_word of the daemon) */
	__u8 agent_state;
	__u8 agent_down;
	__u8 pad[5];
};

_Static_assert(sizeof(struct xring_owner) == 192, "no hidden padding");

/*
 * An element of xring_routes: which ring is where (counters is 0), or which counters belong
 * to which rule.
 */
struct xring_route {
	char service[XRING_NAME_MAX + 1];	/* empty: the record is free */
	__u8 digest[16];		/* of the ring's route, or of the rule's text */
	__u32 base;			/* ring: its first cell */
	__u32 counter;			/* rule: its first counter */
	__u8 shift;			/* ring: 32 - k, of 2^k cells a table */
	__u8 allowed;			/* ring: its rule's bit in a backend's place */
	__u16 counters;			/* rule: how many counters it has */
	__u32 regions;			/* rule: hash of the regions, in order */
};

_Static_assert(sizeof(struct xring_route) == 96, "no hidden padding");

/* An element of xring_since: when each of two cells began to move, in tenths of a second. */
#define XRING_SINCE_FOR(cells) (((cells) / 2 + 1) / 2)	/* of the newest answers alone */
struct xring_since {
	__u32 cell[2];
};

/* An element of xring_keys: what is known of the entry of xring_hot at that place. */
struct xring_key_record {
	struct xring_flow flow;		/* a flow that has the key */
	__u32 number, hash;		/* of the service; of the key */
	__u32 since;			/* tenths of a second: when the key began to move */
	__u32 pad;
	__u64 pad2;
};

_Static_assert(sizeof(struct xring_key_record) == 64, "no hidden padding");

/*
 * An element of xring_received: how many packets a network device gave to the program, by the device's
 * own counter (rx_packets of rtnetlink): before + last - base. The first element is for the devices that
 * do not run the program any more: its `before` is the sum of theirs, and what the verdicts came to when
 * a daemon counted devices for the first time.
 */
#define XRING_RECEIVED 128u		/* elements: devices that run the program at a time, and the first */
struct xring_received {
	__u32 ifindex;			/* of the device; 0: the element is free */
	__u32 begun;			/* in the first element: not 0, devices have been counted */
	__u64 base;			/* its counter when the program was attached */
	__u64 last;			/* its counter when the daemon last looked */
	__u64 before;			/* packets until its counter last went back to 0 */
};

_Static_assert(sizeof(struct xring_received) == 32, "no hidden padding");

#endif
