/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_PIN_H
#define XRING_ABI_PIN_H

#include <linux/types.h>

/*
 * Where a flow is kept while its answer changes: an element of xring_pins, or of xring_syns
 * as long as the flow's TCP handshake is not confirmed, by struct xring_flow. The datapath
 * makes and advances pins (bpf/pins.h); the daemon's walk reads them and deletes those that
 * are over.
 */
struct xring_pin {
	__u16 backend;			/* id */
	__u16 generation;		/* of the id; when the id has another, the pin is void */
	__u32 seq;			/* TCP: the sequence number expected next */
	__u32 hash;			/* position on the flow's newest path when it was made */
	__u32 state;			/* XRING_PIN_CLOSING and the others */
	__u64 seen;			/* time of the flow's last packet, CLOCK_MONOTONIC, ns */
};

_Static_assert(sizeof(struct xring_pin) == 24, "no hidden padding");

#define XRING_PIN_CLOSING 1u		/* a FIN or RST was seen, in sequence */
#define XRING_PIN_CONFIRMED 2u		/* in xring_syns, as xring_pins was full */
#define XRING_CLOSING_MS 60000u		/* the longest idle time of a closing flow */
#define XRING_PIN_DATA_SHIFT 16		/* of a SYN: bytes of its data (TCP Fast Open) */

#endif
