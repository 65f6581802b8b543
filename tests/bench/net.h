/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_NET_H
#define XRING_BENCH_NET_H

/*
 * Two network namespaces without a name, which end with the process, however it
 * ends, and take their interfaces along. The process is in the client's when
 * net_open() returns. Nothing leaves them, and IPv6 is off, so that no packet is
 * there but the bench's.
 */
enum net_side {
	NET_CLIENT,
	NET_BALANCER,
};

#define NET_IDLE "bench-idle"		/* of the client, and down: for the driver */
#define NET_CLIENT_LINK "bench-client"	/* up, and joined to */
#define NET_BALANCER_LINK "bench-xring"

void net_open(void);
void net_enter(enum net_side side);
void net_attach(const char *link, int program);	/* natively, or in place of another */

#endif
