/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_MAP_ANSWERS_H
#define XRING_TEST_MAP_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xring/abi.h>

struct address;
struct dp;
struct vip;

/*
 * What the maps say to a flow that has no pin: bpf/service.h, classes.h and path.h once more,
 * from the maps alone, without anything that a daemon knows beside them.
 */
struct map_answer {
	uint32_t newest;		/* id of the backend that a new flow gets; 0: nobody */
	uint32_t old;			/* that a flow gets which is older than what moves */
	bool moving;			/* something on its path moves; otherwise old is newest */
	bool forbidden;			/* newest is 0, as the client's rule forbids who it was */
};

/* The live slot of a VIP; NULL: none. */
const struct xring_slot *map_slot(const struct dp *dp, const struct vip *vip);

/* A flow of the client to the VIP; the client's port in host byte order. */
struct xring_flow map_flow(const struct address *client, uint16_t port, const struct vip *vip);

/* ingress: its number, 0 for an interface that is not configured. */
struct map_answer map_answer(const struct dp *dp, const struct xring_slot *slot,
			     const struct xring_flow *flow, uint32_t ingress);

/*
 * A backend for people: service/name@address, by its owner's record, and what makes it useless;
 * "nobody" for 0. The text lives until the call after the next.
 */
const char *map_backend(const struct dp *dp, uint32_t id);

#endif
