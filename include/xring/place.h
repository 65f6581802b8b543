/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_PLACE_H
#define XRING_ABI_PLACE_H

#include <linux/types.h>

#include <xring/sizes.h>

/*
 * An element of xring_places, by id of a backend, which the daemon writes: a bit for each
 * rule that allows the backend, and above the bits the number of its region. Bit 0 stands for
 * rules that forbid no backend, and is set in every place.
 */
#define XRING_PLACE_REGION 56
#define XRING_PLACE_ALLOWED ((1ULL << XRING_PLACE_REGION) - 1)
#define XRING_PLACE_NOBODY 55		/* the bit that is set in no place */

/*
 * An element of xring_placed, by CPU and counter: what a rule sent where. The datapath
 * counts, the daemon reads. A rule's first counter is what was dropped because no backend
 * was allowed; after it stands one counter for each region, in the order of their numbers.
 */
struct xring_placed {
	__u64 packets;
	__u64 bytes;
};

/* A client's network in xring_homes. */
struct xring_home_key {
	__u32 number;			/* of the service */
	__u8 family;			/* 4 or 6 */
	__u8 pad[3];
	__be32 addr[4];			/* IPv4 in addr[0]; bits past the prefix are 0 */
};

_Static_assert(sizeof(struct xring_home_key) == 24, "no hidden padding: it is a key");

/*
 * How much of the network's traffic came in at which ingress. The datapath looks at one packet
 * in XRING_HOME_EACH; the daemon takes the counts out twice a second. A TCP packet that goes on a
 * little further (XRING_FORWARD) than an earlier one of its flow counts XRING_HOME_PROVEN times, so
 * that packets in the network's name alone must be as many times more to move it. A SYN does not
 * count.
 */
#define XRING_HOME_FLOWS 16u
#define XRING_HOME_PROVEN 16u
struct xring_home {
	__u32 packets[XRING_INGRESSES];	/* packets[n - 1]: at ingress number n */
	struct {
		__u32 flow;		/* a hash of addresses and ports */
		__u32 next;		/* the sequence number after its last packet */
	} last[XRING_HOME_FLOWS];	/* TCP flows seen last, by hash */
};
#define XRING_HOME_EACH 8u

#endif
