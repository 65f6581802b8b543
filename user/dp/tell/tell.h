/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_TELL_TELL_H
#define XRING_DP_TELL_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/told.h>

/*
 * Asks the datapath what it would do with a packet. The program that answers is another one than the program
 * that serves, of the same source and on the same maps, and writes to none of them (bpf/tell.h).
 */
struct dp;
struct dp_tell;

#define DP_TELL_FRAME 9216		/* bytes of a frame at most, as it leaves */
#define DP_TELL_ASKED 9000		/* as it comes; a kernel may take fewer: -EINVAL */

struct dp_told {
	struct xring_told told;
	uint32_t verdict;		/* enum xdp_action */
	uint32_t len;			/* of the frame as it leaves */
	uint8_t frame[DP_TELL_FRAME];
};

/*
 * Loads the program; dp: whose maps are pinned. 0 or a negative errno, which is logged. It takes as long as loading
 * the program that serves.
 */
int dp_tell_open(const struct dp *dp, struct dp_tell **ret);
/* The same on other maps, for tests. */
struct dp_tell_maps {
	int (*fd)(const void *context, const char *name);	/* of the map of that name, to be closed; or an errno */
	const void *context;
	bool clock_stopped;		/* as the program that serves has it */
};
int dp_tell_open_on(const struct dp_tell_maps *maps, struct dp_tell **ret);
void dp_tell_close(struct dp_tell *tell);	/* NULL: nothing is done */

/* Hands it from one process to another, by a Unix socket that keeps messages apart. 0 or a negative errno. */
int dp_tell_send(const struct dp_tell *tell, int socket);
int dp_tell_receive(int socket, struct dp_tell **ret);

/*
 * What would become of a frame that comes in at a device, which must be up. 0 or a negative errno: -ENODEV, there
 * is no such device; -EINVAL, the kernel does not take such a frame or such a device.
 */
int dp_tell(const struct dp_tell *tell, const uint8_t *frame, size_t len, uint32_t ifindex,
	    struct dp_told *ret);

#endif
