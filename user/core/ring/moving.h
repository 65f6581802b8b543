/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_MOVING_H
#define XRING_CORE_RING_MOVING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rule of changes, by time. Whatever selects a flow's answer (a cell, a hot key, a
 * class of clients) moves from the moment in which its answer changes:
 *
 *     age since then     what is due
 *     below window       nothing: flows older than the change show themselves, and are pinned
 *     below settle       a UDP flow without a pin is a new one from now on (UDP_NEW)
 *     settle and more    old := newest, once a walk over the pins that began after the last
 *                        change has marked the cells in which its flows' paths end; where a
 *                        flow found no room for its pin (HELD) all begins again
 *
 * A cell is marked by the datapath itself and waits for no walk. How the flags of each are
 * taken on and off is their own: moving_cells.c, core/hot/entries.c, class_words.c.
 */
enum moving_due {
	MOVING_WAITS,
	MOVING_UDP_NEW,
	MOVING_OVER,
};

/* Tenths of a second. */
struct moving_times {
	uint32_t now;
	uint32_t window;		/* age at which a flow of UDP without a pin is new */
	uint32_t settle;		/* age at which old := newest */
};

/*
 * What is due of something that has moved since then. walked: such a walk is done, or none
 * is needed. *ret_next: when something is due again; 0: time alone brings nothing.
 */
static inline enum moving_due moving_due(uint32_t since, const struct moving_times *t,
					 bool walked, uint32_t *ret_next)
{
	uint32_t age = t->now - since;

	*ret_next = age < t->window ? since + t->window : age < t->settle ? since + t->settle : 0;
	if (age < t->window)
		return MOVING_WAITS;
	if (age < t->settle)
		return MOVING_UDP_NEW;
	return walked ? MOVING_OVER : MOVING_WAITS;
}

/* A flow was held: it moves for another settle time. Returns when something is due. */
static inline uint32_t moving_again(uint32_t *since, const struct moving_times *t)
{
	*since = t->now;
	return t->now + t->window;
}

#endif
