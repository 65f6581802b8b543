/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_EXPECT_H
#define XRING_EXPECT_H

#include "fixture.h"

/*
 * What a frame has to become, by the RFCs and the manual: an independent model of the datapath in the
 * steady state, for services with the key `flow`, without replies of mode nat. It shares the hash of a
 * flow with the datapath, and nothing else.
 *
 * There is no time in it: whoever runs it against the datapath moves the clock, so that no budget of
 * answers is spent and no datagram expires; expect_forget() is for the end of all datagrams.
 */
struct expect_service {
	const char *name;		/* in the world's configuration */
	const char *vip;
	enum { EXPECT_IPIP, EXPECT_L2, EXPECT_NAT, EXPECT_GUE0, EXPECT_GUE1 } mode;
	bool nobody;			/* it has no backend */
};

/* The services take TCP at port 80 and UDP at 53; services of one address are no others. */
void expect_world(struct world *w, const struct expect_service *services, size_t count);
void expect_vlan(uint16_t vlan);	/* 802.1Q, which is taken */
void expect_forget(void);

/* The verdict; and what leaves, unless it is dropped. *ret_answered: the packet was answered. */
uint32_t expect(const struct frame *in, struct frame *ret, bool *ret_answered);

#endif
