/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_LOST_H
#define XRING_LOST_H

#include <linux/types.h>

/*
 * Packets that the kernel or a driver lost after the program's verdict. They are counted by
 * tracepoints (bpf/lost.bpf.c) in the map xring_lost, by CPU and by this key; the daemon reads it.
 */
struct xring_lost_key {
	__u32 ifindex;			/* of the device that should have sent the packet */
	__u32 reason;			/* an errno of the kernel's, or one of these: */
};

#define XRING_LOST_FULL 0u		/* the driver took fewer packets than it was given, without an error */
#define XRING_LOST_REFUSED 65536u	/* the driver took the packet not, and said no errno */

/*
 * Packets for which the map has no room have this key, whose entry the daemon makes: what is
 * lost is counted in any case.
 */
#define XRING_LOST_ELSEWHERE ((struct xring_lost_key){ .ifindex = 0, .reason = 0 })

#define XRING_LOST 1024u		/* entries */

#endif
