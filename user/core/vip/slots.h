/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VIP_SLOTS_H
#define XRING_CORE_VIP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

struct model;
struct service;

/*
 * The entries of the VIP table that a model asks for: one a VIP, and for nat one
 * more for each address and port from which replies come.
 */
size_t slots_count(const struct model *m);	/* at most that many */

/* What a slot says of its service beside what the model does. */
struct slot_ring {
	uint32_t base;			/* first cell; with rules its class */
	uint8_t shift;			/* 32 less the logarithm of the cells */
	uint32_t number;		/* of the service */
	bool hot;			/* some keys have an entry of their own */
	bool rules;			/* its clients are told apart */
};

/* Those of one service; returns how many. */
size_t slots_fill(const struct service *s, const struct slot_ring *ring, struct xring_slot *ret);

/* XRING_VIPS_ANY_PORT and the like, as these entries need them. */
uint64_t slots_flags(const struct xring_slot *slots, size_t count);

#endif
