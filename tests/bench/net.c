// SPDX-License-Identifier: GPL-2.0-or-later
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "stats.h"

static int sides[2];

static void __attribute__((format(printf, 1, 2))) run(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command))
		fail("failed: %s", command);
}

static void ipv6_off(void)
{
	FILE *file = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");

	if (!file)		/* a kernel without IPv6: as well */
		return;
	fputs("1", file);
	fclose(file);
}

static int new_namespace(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		fail("network namespace: %s", strerror(errno));
	ipv6_off();
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("/proc/self/ns/net: %s", strerror(errno));
	return fd;
}

void net_enter(enum net_side side)
{
	if (setns(sides[side], CLONE_NEWNET))
		fail("network namespace: %s", strerror(errno));
}

void net_open(void)
{
	sides[NET_BALANCER] = new_namespace();
	sides[NET_CLIENT] = new_namespace();
	run("ip link add " NET_IDLE " type veth peer name " NET_IDLE "-peer");
	run("ip link add " NET_CLIENT_LINK " type veth peer name " NET_BALANCER_LINK);
	run("ip link set " NET_BALANCER_LINK " netns /proc/%d/fd/%d", getpid(),
	    sides[NET_BALANCER]);
	run("ip link set " NET_CLIENT_LINK " up");
	net_enter(NET_BALANCER);
	run("ip link set " NET_BALANCER_LINK " up");
	net_enter(NET_CLIENT);
}

void net_attach(const char *link, int program)
{
	int err = bpf_xdp_attach(if_nametoindex(link), program, XDP_FLAGS_DRV_MODE, NULL);

	if (err)
		fail("%s: attach: %s", link, strerror(-err));
}
