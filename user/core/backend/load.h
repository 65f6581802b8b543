/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_LOAD_H
#define XRING_CORE_BACKEND_LOAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * How loaded each backend of a service is, compared with its weighted share. Because the
 * datapath keeps no state of flows, nobody knows how many flows are open. So the load is
 * the greater of two shares, each over about the last second (what is a second old counts a
 * third): the share of the packets of established flows, and the share of the new flows.
 * New flows only count as far as they can have sent the packets that came, two packets
 * each, so that a flood of SYNs is no load.
 */
struct load {
	double packets, flows;		/* counts of the last second, fading */
	uint32_t weight;		/* thousandths; 0: takes no new flows, and is left out */
	/* Set by loads_weigh(): 1 is the weighted share; 0: too few packets to tell. */
	double share;
};

/* Adds what has come in the last `age` seconds. */
void load_add(struct load *load, uint64_t packets, uint64_t flows, double age);

/* Computes the share of each backend of a service. */
void loads_weigh(struct load *loads, size_t count);

/*
 * The load in the unit of the datapath: XRING_LOAD_FULL is a load equal to the bound, and
 * new flows keep off a backend above that. bound: thousandths of the weighted share.
 */
uint32_t load_per_bound(const struct load *load, uint32_t bound);

#endif
