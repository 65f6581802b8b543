/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_PATH_H
#define XRING_CORE_HOT_PATH_H

#include <stdbool.h>
#include <stdint.h>

struct xring_flow;
struct xring_hot;

/* Where the newest answer of a flow is found. */
struct path {
	uint32_t hash;			/* in this cell it ends */
	uint32_t key;			/* the hash of the flow's key */
	uint16_t backend;		/* not 0: whatever the cell says, while it is alive */
	bool moving;			/* its key is */
};

struct path path_of(const struct xring_hot *table, const uint64_t *expanded, uint32_t number,
		    uint32_t key_hash, const struct xring_flow *flow);

#endif
