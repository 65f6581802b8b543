/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_HISTORY_PARTS_H
#define XRING_HISTORY_PARTS_H

#include "history.h"

/* What the files of a history have of each other. */
static inline uint32_t now_tenths(const struct history *h)
{
	return h->rule.now / 100;
}

/* Points that a node is to have at all. */
static inline uint32_t points_of(const struct node *n)
{
	return n->id && !n->dead && !n->leaving ? n->points : 0;
}

struct key key_of(const struct history *h);

/* ---- history_tables.c ---- */

void tables_open(struct history *h);
/* Who is where; tells the datapath which slot leads there. */
void vips_publish(struct history *h);
bool table_allows(const struct history *h, const struct table *t, const struct node *n);
/* Brings a table to the nodes' points. */
void table_change(struct history *h, struct table *t, const uint32_t *points,
		  enum cells_how how, bool crash);
void tables_cut(struct history *h);		/* dead nodes leave, and such as are forbidden */
void tables_flush(struct history *h, enum cells_how how, bool crash);
void tables_compare(const struct history *h, unsigned step);

/* ---- history_keys.c: hot keys, as the daemon does with them ---- */

void keys_apply(struct history *h);
bool key_change(struct history *h);		/* one, by chance */
void keys_settle(struct history *h);
void keys_compare(const struct history *h, unsigned step);
bool keys_move(const struct history *h);
bool keys_name(const struct history *h, uint16_t id);
void keys_forget(struct history *h, uint16_t id);	/* none is given to it any more */

/* ---- history_homes.c: which clients are whose ---- */

void homes_open(struct history *h);
void homes_close(struct history *h);
bool homes_change(struct history *h);		/* one, by chance */
void homes_apply(struct history *h);
void homes_settle(struct history *h);		/* before the model does */
void homes_retire(struct history *h);		/* those that are done go */
void homes_restart(struct history *h);
void homes_moved(struct history *h, const struct table *t);	/* its cells are elsewhere */
void homes_compare(const struct history *h, unsigned step);
bool homes_move(const struct history *h);
/* The table that client i's rule names, by prefixes and wishes alone. */
const struct table *home_table(const struct history *h, size_t i);

/* ---- history_regions.c ---- */

/* What the rules say of a backend, for the datapath and the model. */
void place_write(struct history *h, const struct node *n);
bool node_relocate(struct history *h, struct node *n);
void nodes_gain(struct history *h);		/* what is due */
void schedule_change(struct history *h);

#endif
