/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_DECAP_H
#define XRING_ABI_DECAP_H

#include <linux/types.h>

/*
 * What the program of a backend (bpf/decap.bpf.c) and xring-backend share: the key of the tries
 * `balancers` and `vips`, and the counters of packets, X(index, name, help).
 */
struct decap_network {
	__u32 bits;			/* of the address that count; IPv4: 96 more */
	__u8 address[16];		/* IPv4: as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2) */
};

#define XRING_DECAP_BITS4 96u		/* bits before an IPv4 address */

#define XRING_DECAPS(X)                                                        \
	X(UNWRAPPED, "unwrapped",          "out of a tunnel, to the host")      \
	X(OTHER,     "pass_other",         "no tunnel")                         \
	X(STRANGER,  "pass_not_balancer",  "in a tunnel from an address that is no balancer's") \
	X(NOT_VIP,   "pass_not_vip",       "in a tunnel, to an address that is no VIP")

enum xring_decap {
#define X(id, name, help) XRING_DECAP_##id,
	XRING_DECAPS(X)
#undef X
	XRING_DECAP_MAX
};

#endif
