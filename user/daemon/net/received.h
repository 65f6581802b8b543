/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_RECEIVED_H
#define XRING_DAEMON_NET_RECEIVED_H

#include <stdint.h>

/* How many packets each network device of this host has received, by its own counter. */
struct received {
	uint32_t ifindex;
	uint32_t programs[3];		/* ids of its XDP programs: driver, generic, hardware; 0: none */
	uint64_t packets;		/* rx_packets */
};

/* Gives each device to `each`: one question by rtnetlink. 0 or a negative errno. */
int received_ask(void (*each)(void *context, const struct received *received), void *context);

#endif
