/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_LINKS_H
#define XRING_DAEMON_DOCTOR_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All network devices of this namespace as rtnetlink has them, asked once. */
struct link {
	uint32_t ifindex;
	char name[16];
	char kind[16];			/* "veth", "vlan", ...; empty: hardware, mostly */
	uint32_t mtu;
	bool up, carrier;
	uint32_t below;			/* the device below, or the far end of a veth; 0: none in this namespace */
	uint32_t master;		/* 0: it belongs to none */
	uint32_t program;		/* the number of its XDP program; 0: it has none */
	bool native;			/* it runs in the driver */
	uint64_t missed;		/* rx_missed_errors */
};

struct links {
	struct link *list;
	size_t count;
};

int links_read(struct links *ret);		/* 0, or a negative errno */
void links_clear(struct links *links);
const struct link *link_at(const struct links *links, uint32_t ifindex);	/* NULL: none is */
const struct link *link_named(const struct links *links, const char *name);

#endif
