/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_HOT_PATH_H
#define XRING_CORE_HOT_PATH_H

#include <stdbool.h>
#include <stdint.h>

struct xring_flow;
struct xring_hot;

/* The newest path of a flow: what selects the flow's newest answer. */
struct path {
	uint32_t hash;			/* falls into the cell in which the path ends */
	uint32_t key;			/* the hash of the flow's key */
	/* Not 0: the key is given to this backend and, while the backend is alive, asks no cell. */
	uint16_t backend;
	bool moving;			/* the key's entry is moving */
};

struct path path_of(const struct xring_hot *table, const uint64_t *expanded, uint32_t number,
		    uint32_t key_hash, const struct xring_flow *flow);

#endif
