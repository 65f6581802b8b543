/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_PIN_H
#define XRING_ABI_PIN_H

#include <linux/types.h>

#include <xring/flow.h>

/*
 * Who may say that packets of a 5-tuple are his. Anybody can send any packet in anybody's name,
 * so several flows may claim one 5-tuple, and each has a pin of its own.
 */
enum xring_claim {
	XRING_KEPT,			/* whoever was there before the change; and UDP */
	XRING_OPENED,			/* a flow whose handshake was seen in an open path */
	XRING_REOPENED,			/* another one, while the first has not ended */
	XRING_CLAIMS
};

/*
 * Where a flow is kept while its answer changes: an element of xring_pins, by struct xring_flow.
 * The datapath makes and advances pins (bpf/pins.h); the daemon's walk reads them and deletes
 * those that are over.
 */
struct xring_pin {
	__u16 backend;			/* id */
	__u16 generation;		/* of the id; when the id has another, the pin is void */
	/* Opened: the sequence number expected next, in order. Kept: that after its last segment. */
	__u32 seq;
	__u32 hash;			/* position on the flow's newest path when it was made */
	__u32 state;			/* XRING_PIN_CLOSING and the others */
	__u64 seen;			/* time of the flow's last packet, CLOCK_MONOTONIC, ns */
	__u32 base;			/* opened: the flow's sequence numbers are from here on */
	/* Opened: bytes that it has sent since base, XRING_SENT_MAX at most. Kept: XRING_PIN_MS() */
	__u32 sent;			/* of the last SYN of its 5-tuple */
};

_Static_assert(sizeof(struct xring_pin) == 32, "no hidden padding");

/*
 * A TCP handshake that is not confirmed yet: the key of xring_syns, whose values are pins. A
 * packet confirms it that goes on at the number. Each SYN has a key of its own, so that none
 * takes another's place. Number 0 and claim XRING_OPENED: a pin that found no room in xring_pins.
 * Number 0 and claim XRING_REOPENED: a void pin, the note of the 5-tuple's last SYN; seq is the id of
 * the backend to which that went.
 */
struct xring_handshake {
	struct xring_flow flow;
	__u32 number;
};

_Static_assert(sizeof(struct xring_handshake) == 44, "no hidden padding: it is a key");

#define XRING_PIN_VOID     1u		/* generation of a pin of no backend */
#define XRING_PIN_CLOSING  1u		/* a FIN or RST was seen, at exactly the number expected */
#define XRING_PIN_CONFIRMED 2u		/* in xring_syns, as xring_pins was full */
/* Kept: a handshake of the same 5-tuple may be under way, or another claim may be there. */
#define XRING_PIN_DISPUTED 4u
#define XRING_CLOSING_MS   60000u	/* the longest idle time of a closing flow */
#define XRING_SHAKING_MS   60000u	/* and of a handshake */
#define XRING_PIN_MS(ns)   ((__u32)((ns) >> 20))	/* milliseconds, nearly */

/*
 * The numbers that fit an opened flow: from one before its base (a keep-alive probe) as far as
 * it can have sent, which is twice what was seen of it and what a sender may send at first; of a
 * flow that is closing, as far as the number expected.
 */
#define XRING_SENT_SLACK (1u << 16)	/* bytes: more than any initial window (RFC 6928) */
#define XRING_SENT_MAX   (1u << 29)	/* bytes: half of the largest window (RFC 7323) */

#endif
