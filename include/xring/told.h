/* SPDX-License-Identifier: (GPL-2.0 OR GPL-2.0-or-later) */
#ifndef XRING_TOLD_H
#define XRING_TOLD_H

#include <linux/types.h>

/*
 * What the datapath tells of one packet, where it is compiled to tell (bpf/tell.h): the steps in their order,
 * each with two numbers.
 */
enum xring_step {
	XRING_STEP_NONE,
	XRING_STEP_TAGS,		/* a: how many were taken off; b: ingress */
	XRING_STEP_COMMON,		/* a: family */
	XRING_STEP_UNCOMMON,		/* a: family; b: enum fragment, 256: it is an ICMP error about a flow */
	XRING_STEP_SERVICE,		/* a: number; b: flags, XRING_SERVICE_ */
	XRING_STEP_REPLY,		/* a: id of the backend, or 0: several have the address */
	XRING_STEP_CLASS,		/* a: index; b: newest word */
	XRING_STEP_KEY,			/* a: hash */
	XRING_STEP_HOT,			/* a: answer of the key's entry */
	XRING_STEP_POSITION,		/* a: hash of the shard, by which the ring answers */
	XRING_STEP_CELL,		/* a: index; b: word */
	XRING_STEP_OPEN,		/* a: flags, XRING_OPEN_; b: newest id; from bit 32: old id */
	XRING_STEP_OLD_CELL,		/* a: index; b: word */
	XRING_STEP_KEPT,		/* a: id; b: when its flow was seen, ns */
	XRING_STEP_CLAIM,		/* a: id; b: number of the claim; from bit 32: 1: it is closing */
	XRING_STEP_SHAKING,		/* a: id to which the SYN went */
	XRING_STEP_LOAD,		/* a: id; b: thousandths of the bound */
	XRING_STEP_PINS,		/* a: id; b: claim: a pin would be made */
	XRING_STEP_REMEMBERS,		/* a: id: a SYN would be remembered */
	XRING_STEP_FULL,		/* no pin would be made, as there is no room */
	XRING_STEP_EVENT,		/* a: enum xring_event */
	XRING_STEP_FRAGMENT,		/* a: id where the datagram's first fragment went; 0: it is not known */
	XRING_STEP_NOTES,		/* a: id: a datagram would be remembered */
	XRING_STEP_BACKEND,		/* a: id that was selected */
	XRING_STEP_ROUTE,		/* a: answer of bpf_fib_lookup(); b: ifindex */
	XRING_STEP_DROP,		/* a: whose, as in XRING_DROPS_KEY() */
	XRING_STEP_END,			/* a: enum xring_counter; b: enum xdp_action */
	XRING_STEP_MAX,
};

#define XRING_OPEN_MOVING  1u
#define XRING_OPEN_HELD    2u
#define XRING_OPEN_UDP_NEW 4u
#define XRING_OPEN_ALONE   8u		/* no daemon lives */

#define XRING_STEPS 64u

struct xring_told {
	__u64 count;			/* of steps; what is beyond XRING_STEPS takes the place of the first ones */
	struct {
		__u32 step;		/* enum xring_step */
		__u32 pad;
		__u64 a, b;
	} step[XRING_STEPS];
};

#endif
