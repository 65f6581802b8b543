/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_LIFE_H
#define XRING_TEST_LIFE_H

#include "core/model/model.h"
#include "daemon/live/live.h"
#include "memory_maps.h"

/*
 * One life of a daemon, as far as live/ and apply/ go: from the maps that it finds, by the
 * changes that are asked for, to its end or its death. After cmocka.h.
 */
struct loop;
struct walk;

struct life {
	struct memory *memory;
	struct dp *dp;
	struct live *live;
	struct loop *loop;
	struct walk *walk;
	const struct model *model;	/* as it runs */
	uint64_t cells;			/* words that the last life_apply() has written */
	uint64_t next;			/* when something is due by time; 0: nothing */
};

/* A model of YAML; `networks` may name files. */
struct model model_of(const char *yaml);

/* Opened on the maps, whatever they hold, with m as the model; nothing is applied yet. */
struct life *life_begin(struct memory *memory, const struct model *m);
void life_end(struct life *life);

/* live_apply() of that model, and again while it is asked for, as the engine does. Its answer. */
int life_apply(struct life *life, const struct model *m);

/* Time passes, walks go round, until nothing is under way. */
void life_settle(struct life *life);

/* What hot keys and time leave to be written to the VIP table. */
void life_vips(struct life *life);

/* Takes all free buckets for cells with several splits but so many; and gives them back. */
struct spill_pool;
uint32_t *buckets_take(struct spill_pool *pool, uint32_t but);
void buckets_give(struct spill_pool *pool, uint32_t *taken);

/* ---- what can be seen ---- */

/*
 * Every answer of the maps, for the VIPs of `models` and a sample of flows, as text: what new
 * flows get, and with `old` what flows that are older get. Freed by the caller.
 */
char *answers_text(const struct dp *dp, const struct model *const models[], size_t count, bool old);

/* What else the maps say, by names: VIPs, backends, templates, whose counters. */
char *tables_text(const struct dp *dp, const struct model *const models[], size_t count);

/*
 * How much of the maps is taken: ids, extents, classes, records, lines, entries of keys. Where
 * nothing is under way it follows from the model.
 */
char *room_text(const struct life *life);

/* Every cell of every ring against a ring made of names and weights; how many were asked. */
size_t rings_asked(const struct life *life);

#endif
