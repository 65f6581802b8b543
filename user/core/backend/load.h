/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_BACKEND_LOAD_H
#define XRING_CORE_BACKEND_LOAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * How loaded each backend of a service is beside its weighted share. Where no state is
 * kept of flows, nobody knows how many are open: what counts is the greater of two
 * shares, that of the packets of established flows and that of the new flows, each over
 * about the last second (what is a second old counts a third). Of new flows no more count
 * than can have sent the packets that came, two each: a flood of SYNs is no load.
 */
struct load {
	double packets, flows;		/* of the last second, fading */
	uint32_t weight;		/* thousandths; 0: it takes no new flows, and does not count */
	double share;			/* the answer: 1 is its weighted share, 0: too few packets */
};

/* What has come within `age` seconds. */
void load_add(struct load *load, uint64_t packets, uint64_t flows, double age);

/* The shares of all backends of a service. */
void loads_weigh(struct load *loads, size_t count);

/*
 * As the datapath is told: XRING_LOAD_FULL is at the bound (in thousandths of the
 * weighted share), and new flows keep off what is above it.
 */
uint32_t load_print(const struct load *load, uint32_t bound);

#endif
