/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_LOOKUP_H
#define XRING_TEST_LOOKUP_H

#include <linux/types.h>

/* Hashes in, the datapath's answers out, through a map. */
#define LOOKUP_BATCH 8192
struct lookup_batch {
	__u32 base;
	__u32 shift;
	__u32 hash[LOOKUP_BATCH];
	__u32 answer[LOOKUP_BATCH];
};

#endif
