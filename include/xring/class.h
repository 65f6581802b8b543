/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_CLASS_H
#define XRING_ABI_CLASS_H

#include <linux/types.h>

#include <xring/place.h>
#include <xring/sizes.h>

/*
 * A class of a service's clients: those that one ring answers. The service's own class (its
 * slot's ring_base) is for clients that no prefix names; the other classes are the values of
 * the service's prefix tables. Where the ingress of a packet matters (INGRESSES), the class for
 * ingress number n stands n elements after the class that the prefix table names.
 *
 *     newest: MOVING HOME INGRESSES STRICT | counter (15) | allowed (6) | shift (5) | base (32)
 *     old:    UDP_NEW HELD | allowed (6) | shift (5) | base (32)
 *
 * base and shift are the ring's first cell and size. counter is the first counter of the
 * ring's rule (struct xring_placed), allowed the rule's bit in a backend's place. MOVING and
 * the flags of the old word mean what they mean on a cell: for one settle time from the
 * first change, `old` is the ring that answered before the change.
 *
 * The daemon writes classes. The datapath reads them, and sets HELD by an atomic OR.
 */
struct xring_class {
	__u64 newest;
	__u64 old;
	__u8 home_bits[2];		/* with HOME: prefix length of a network, IPv4 and IPv6 */
	__u8 places;			/* for the daemon: elements, several with INGRESSES */
	__u8 pad;
	__u32 number;			/* for the daemon: of the service; 0: free */
	__u64 pad2;
};

_Static_assert(sizeof(struct xring_class) == 32, "two a cache line");

#define XRING_CLASS_RING(base, shift) ((__u64)(base) | (__u64)(shift) << 32)
#define XRING_CLASS_RING_MASK ((1ULL << 37) - 1)
#define XRING_CLASS_ALLOWED 37		/* the bit at which `allowed` begins */
#define XRING_CLASS_COUNTER 43		/* the bit at which `counter` begins */
#define XRING_CLASS_COUNTER_MASK 0x7fffu
#define XRING_CLASS_STRICT (1ULL << 60)	/* only backends that the rule allows may answer */
#define XRING_CLASS_INGRESS  (1ULL << 61)	/* each ingress has a class of its own */
#define XRING_CLASS_HOME   (1ULL << 62)	/* packets are counted by network and ingress */
#define XRING_CLASS_MOVING (1ULL << 63)
#define XRING_CLASS_UDP_NEW XRING_CLASS_HOME	/* on the old word */
#define XRING_CLASS_HELD    XRING_CLASS_MOVING	/* on the old word */

/* The class of a client that no backend may answer. */
#define XRING_CLASS_NOBODY \
	(XRING_CLASS_STRICT | (__u64)XRING_PLACE_NOBODY << XRING_CLASS_ALLOWED)

static inline __u32 xring_class_base(__u64 word)
{
	return word;
}

static inline __u8 xring_class_shift(__u64 word)
{
	return word >> 32 & 31;
}

static inline __u32 xring_class_allowed(__u64 word)
{
	return word >> XRING_CLASS_ALLOWED & 63;
}

static inline __u32 xring_class_counter(__u64 word)
{
	return word >> XRING_CLASS_COUNTER & XRING_CLASS_COUNTER_MASK;
}

/*
 * All prefix tables (xring/lpm.h) are in the map xring_lines, which has room for as many
 * networks as there were when the map was made. Its first lines hold the roots, one word for
 * each service and family, so that a root and the lines that it names are always in the same
 * map. Line numbers in tables count from the first line after the roots.
 */
#define XRING_LINE_ROOTS (2 * XRING_TABLES / 16)
#define XRING_LINE_ROOT(number, six) (2 * (number) + (six))	/* index of a root's word */

#endif
