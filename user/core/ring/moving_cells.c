// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of moving cells. A cell that cells_write() has set MOVING stays so for one
 * settle time. Then old := newest, which needs no more than the flag MOVING taken off. A
 * cell keeps LOOK as long as a pin that is not the newest answer lives in it. The datapath
 * sets LOOK and HELD at any moment, so that flags are only changed by atomic operations.
 */
#include "core/ring/moving_cells.h"

#include <string.h>

#include "base/step.h"
#include "core/ring/cell.h"
#include "core/ring/cells.h"
#include "core/ring/spills.h"

static uint64_t word_read(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void flags_set(uint64_t *word, uint64_t flags)
{
	step();
	__atomic_fetch_or(word, flags, __ATOMIC_ACQ_REL);
}

static void flags_clear(uint64_t *word, uint64_t flags)
{
	step();
	__atomic_fetch_and(word, ~flags, __ATOMIC_ACQ_REL);
}

void cells_adopt(struct cells *cells, uint32_t now)
{
	cells->moving = 0;
	for (uint32_t c = 0; c < cells_count(cells); c++) {
		if (!(cells->words[c] & XRING_MOVING))
			continue;
		cells->moving++;
		if (!cells->since[c] || cells->since[c] > now)
			cells->since[c] = now;
	}
}

/* The earlier of two times; 0 stands for never. */
static uint32_t earlier(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

/*
 * Called when a cell's settle time is over; `said` is the cell's old word. Returns when
 * something is due again; 0: never.
 */
static uint32_t cell_over(struct cells *cells, uint32_t c, uint64_t said,
			  const struct moving_times *t, struct cells_step *step)
{
	if (said & XRING_HELD) {
		flags_clear(cells_old(cells, c), XRING_HELD | XRING_UDP_NEW);
		step->held++;
		return moving_again(&cells->since[c], t);
	}
	flags_clear(&cells->words[c], XRING_MOVING);
	word_retire(cells->spills, said);
	cells->moving--;
	step->settled++;
	return 0;
}

static uint32_t cell_settle(struct cells *cells, uint32_t c, const struct moving_times *t,
			    struct cells_step *step)
{
	uint64_t *old = cells_old(cells, c), said = word_read(old);
	uint32_t next;

	switch (moving_due(cells->since[c], t, true, &next)) {
	case MOVING_WAITS:
		break;
	case MOVING_UDP_NEW:
		if (!(said & XRING_UDP_NEW))
			flags_set(old, XRING_UDP_NEW);
		break;
	case MOVING_OVER:
		return cell_over(cells, c, said, t, step);
	}
	return next;
}

void cells_settle(struct cells *cells, const struct moving_times *times, struct cells_step *ret)
{
	struct cells_step step = {};

	for (uint32_t c = 0; cells->moving && c < cells_count(cells); c++)
		if (word_read(&cells->words[c]) & XRING_MOVING)
			step.next = earlier(step.next, cell_settle(cells, c, times, &step));
	*ret = step;
}

bool cells_move_since(const struct cells *cells, uint32_t since)
{
	for (uint32_t c = 0; cells->moving && c < cells_count(cells); c++)
		if (word_read(&cells->words[c]) & XRING_MOVING && cells->since[c] <= since)
			return true;
	return false;
}

void cells_look_set(struct cells *cells, uint32_t c)
{
	if (!(word_read(&cells->words[c]) & XRING_LOOK))
		flags_set(&cells->words[c], XRING_LOOK);
}

static void word_names(const struct cells *cells, uint64_t word, uint8_t *ids)
{
	struct answer answer;

	answer_read(cells->spills, word, &answer);
	for (unsigned i = 0; i <= answer.count; i++)
		ids[answer.owner[i]] = 1;
}

void cells_names(const struct cells *cells, uint8_t *ids)
{
	for (uint32_t c = 0; c < cells_count(cells); c++) {
		uint64_t word = word_read(&cells->words[c]);

		word_names(cells, word, ids);
		if (word & XRING_MOVING)
			word_names(cells, word_read(cells_old(cells, c)), ids);
	}
}

void cells_need(const struct cells *cells, const uint8_t *ids, uint8_t *needed)
{
	for (uint32_t c = 0; c < cells_count(cells); c++) {
		uint64_t word = word_read(&cells->words[c]);
		struct answer answer;

		if (!(word & XRING_LOOK) || needed[c])
			continue;
		answer_read(cells->spills, word, &answer);
		for (unsigned i = 0; i <= answer.count; i++)
			needed[c] |= ids[answer.owner[i]];
	}
}

uint32_t cells_look_clear(struct cells *cells, const uint8_t *needed)
{
	uint32_t kept = 0;

	for (uint32_t c = 0; c < cells_count(cells); c++) {
		uint64_t word = word_read(&cells->words[c]);

		if (!(word & XRING_LOOK))
			continue;
		if (word & XRING_MOVING || needed[c] ||
		    !__atomic_compare_exchange_n(&cells->words[c], &word, word & ~XRING_LOOK,
						 false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			kept++;
	}
	return kept;
}

void cells_close(struct cells *cells)
{
	for (uint32_t c = 0; c < cells_count(cells); c++) {
		uint64_t word = word_read(&cells->words[c]), old = *cells_old(cells, c);

		if (word & XRING_MOVING)
			word_retire(cells->spills, old);
		if (word & CELL_FLAGS)
			flags_clear(&cells->words[c], CELL_FLAGS);
	}
	cells->moving = 0;
}

/* The part of a word of `from` that holds for cell c of `to`. */
static int word_refine(const struct cells *from, uint64_t word, struct cells *to, uint32_t c,
		       uint64_t *ret)
{
	unsigned shift = 32 - to->bits;
	uint32_t first = c << shift;
	struct answer whole, part;
	uint64_t fresh;
	int err;

	answer_read(from->spills, word, &whole);
	answer_restrict(&whole, first, first + (((uint32_t)1 << shift) - 1), &part);
	err = answer_word(to->spills, &part, &fresh);
	if (!err)
		*ret = fresh | (word & CELL_FLAGS);
	return err;
}

/* Nobody has read it: what it took is free at once. */
static void refine_undo(struct cells *to)
{
	for (size_t i = 0; i < 2 * (size_t)cells_count(to); i++) {
		word_give(to->spills, to->words[i]);
		to->words[i] = 0;
	}
	to->moving = 0;
}

int cells_refine(const struct cells *from, struct cells *to)
{
	unsigned by = to->bits - from->bits;
	int err = 0;

	to->moving = 0;
	for (uint32_t c = 0; c < cells_count(to) && !err; c++) {
		uint64_t word = word_read(&from->words[c >> by]);

		if (word & XRING_MOVING) {
			to->since[c] = from->since[c >> by];
			to->moving++;
			err = word_refine(from, word_read(cells_old(from, c >> by)), to, c,
					  cells_old(to, c));
		}
		err = err ?: word_refine(from, word, to, c, &to->words[c]);
	}
	if (err)
		refine_undo(to);
	return err;
}

void cells_refine_flags(const struct cells *from, struct cells *to)
{
	unsigned by = to->bits - from->bits;

	for (uint32_t c = 0; c < cells_count(to); c++) {
		if (word_read(&from->words[c >> by]) & XRING_LOOK)
			flags_set(&to->words[c], XRING_LOOK);
		if (word_read(&from->words[c >> by]) & XRING_MOVING &&
		    word_read(cells_old(from, c >> by)) & XRING_HELD)
			flags_set(cells_old(to, c), XRING_HELD);
	}
}
