/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_FRAGMENTS_H
#define XRING_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "fixture.h"

/*
 * Cuts the untagged packet of a frame into fragments of at most `mtu` bytes (RFC 791, RFC 8200
 * section 4.5). id: of an IPv6 packet; one of IPv4 has its own. Returns how many.
 */
size_t fragments_cut(const struct frame *whole, size_t mtu, uint32_t id, struct frame *ret,
		     size_t most);

/* The packet that the fragments make, in any order; fails where one is missing or overlaps. */
void fragments_join(const struct frame *parts, size_t count, struct frame *ret);

#endif
