/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_FRAME_H
#define XRING_DAEMON_VIEW_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "core/value/address.h"

/* From whom a frame is, and to whom, in words: of frames that anybody may have sent, cut anywhere. */
struct frame_words {
	char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT];	/* with ports where they are known; or empty */
	char protocol[16];		/* tcp, udp, icmp, icmpv6, else a number; empty: no IP */
};

void frame_print(const uint8_t *bytes, size_t len, struct frame_words *ret);

#endif
