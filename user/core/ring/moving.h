/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_RING_MOVING_H
#define XRING_CORE_RING_MOVING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rule of changes, by time. Whatever selects a flow's answer (a cell, a hot key, a
 * class of clients) begins to move at the moment when its answer changes. What is due
 * depends on how long ago that was:
 *
 *     age               due
 *     below window      nothing: flows older than the change show themselves, and are pinned
 *     below settle      UDP_NEW: from now on a UDP flow without a pin counts as new
 *     settle and more   over: old := newest, once a walk over the pins that began after the
 *                       last change has marked the cells in which the flows' paths end
 *
 * If a flow found no room for its pin (HELD), the whole begins again. A moving cell is
 * marked by the datapath itself and waits for no walk. How the flags are set and cleared is
 * different for cells (moving_cells.c), hot keys (core/hot/entries.c) and classes
 * (daemon/live/class_words.c).
 */
enum moving_due {
	MOVING_WAITS,
	MOVING_UDP_NEW,
	MOVING_OVER,
};

/* All times are in tenths of a second. */
struct moving_times {
	uint32_t now;
	uint32_t window;	/* the age from which a UDP flow without a pin counts as new */
	uint32_t settle;	/* the age from which old := newest is due */
};

/*
 * What is due for something that has been moving since `since`. walked: the walk over the
 * pins is done, or none is needed. *ret_next: when something is due again; 0: time alone
 * brings nothing.
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

/*
 * Begins a move again, because a flow was HELD: another settle time. Returns when something
 * is next due.
 */
static inline uint32_t moving_again(uint32_t *since, const struct moving_times *t)
{
	*since = t->now;
	return t->now + t->window;
}

#endif
