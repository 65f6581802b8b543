/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_DROPS_H
#define XRING_ABI_DROPS_H

#include <linux/types.h>

/*
 * xring_drops counts dropped packets by reason and by whose they were, beside the sum of each reason in
 * xring_counters. A key is XRING_DROPS_KEY(); a value is a number of packets. An entry is made by
 * the first packet; while the table is full, the others are in the sum alone. The datapath counts; the
 * daemon reads, and takes away the entries of what is gone.
 */
#define XRING_DROPS 16384			/* entries */
#define XRING_DROPS_BACKEND 0x10000u	/* with the id of a backend; else it is the number of a service */
#define XRING_DROPS_NOBODY  0u		/* counted in the sum alone */
#define XRING_DROPS_KEY(whose, reason) ((whose) << 8 | (reason))
#define XRING_DROPS_WHOSE(key)  ((key) >> 8)
#define XRING_DROPS_REASON(key) ((key) & 0xff)

#endif
