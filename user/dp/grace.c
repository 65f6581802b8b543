// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dp/dp.h"
#include "dp/write.h"

/*
 * MEMBARRIER_CMD_GLOBAL waits for an RCU grace period, and each run of an XDP program is
 * inside one RCU read-side section.
 */
void dp_grace(struct dp *dp)
{
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		/* kernels with nohz_full refuse it; this is far longer than a packet */
		usleep(50000);
	dp->epoch++;
}
