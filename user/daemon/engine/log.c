// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of changes: how one is made, goes from stage to stage, and ends. */
#include "daemon/engine/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/hot/entries.h"
#include "core/hot/path.h"
#include "core/model/key.h"
#include "core/model/key_value.h"
#include "core/ring/cells.h"
#include "core/ring/moving_cells.h"
#include "daemon/engine/roster.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/events.h"
#include "daemon/live/hot_keys.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"

void change_undo_clear(struct change_entry *e)
{
	for (size_t i = 0; i < e->undo_count; i++) {
		free(e->undo[i].from);
		free(e->undo[i].to);
	}
	free(e->undo);
	e->undo = NULL;
	e->undo_count = e->undo_written = 0;
}

void change_free(struct change_entry *e)
{
	for (unsigned i = 0; i < CHANGE_WHATS; i++)
		free(e->what[i]);
	roster_put(e->before);
	roster_put(e->after);
	plan_clear(&e->plan);
	change_undo_clear(e);
	free(e);
}

void changes_forget_oldest(struct changes *c)
{
	size_t over = 0, kept = 0;

	for (size_t i = 0; i < c->count; i++)
		over += c->list[i]->stage == STAGE_DONE;
	over -= over < CHANGES_PAST ? over : CHANGES_PAST;
	for (size_t i = 0; i < c->count; i++) {
		if (c->list[i]->stage != STAGE_DONE || !over) {
			c->list[kept++] = c->list[i];
			continue;
		}
		change_free(c->list[i]);
		over--;
	}
	c->count = kept;
}

/* Ends the oldest change of too many. The list stays as it is: callers walk it. */
static void follow_fewer(struct changes *c)
{
	struct change_entry *oldest = NULL;
	char why[sizeof(oldest->end)];
	size_t count = 0;

	for (size_t i = c->count; i-- > 0;) {
		if (c->list[i]->stage == STAGE_DONE)
			continue;
		oldest = c->list[i];
		count++;
	}
	if (count <= CHANGES_FOLLOWED)
		return;
	snprintf(why, sizeof(why), "no longer followed: %u later changes are under way",
		 CHANGES_FOLLOWED);
	change_end(c, oldest, why);
}

struct change_entry *change_new(struct changes *c, const char *service)
{
	struct change_entry **list = reallocarray(c->list, c->count + 1, sizeof(*list));
	struct change_entry *e = calloc(1, sizeof(*e));

	if (list)
		c->list = list;
	if (!list || !e) {
		free(e);
		return NULL;
	}
	e->id = c->next_id++;
	e->asked_ms = clock_wall_ms();
	e->asked_ns = clock_ns();
	snprintf(e->service, sizeof(e->service), "%s", service);
	list[c->count++] = e;
	follow_fewer(c);
	return e;
}

/* ---- asking ---- */

void changes_touch_none(struct changes *c)
{
	c->touched_count = 0;
}

static void touch(struct changes *c, uint32_t id)
{
	for (unsigned i = 0; i < c->touched_count; i++)
		if (c->touched[i] == id)
			return;
	if (c->touched_count < sizeof(c->touched) / sizeof(*c->touched))
		c->touched[c->touched_count++] = id;
}

json_t *changes_ids(const struct changes *c)
{
	json_t *ids = json_array();

	for (unsigned i = 0; i < c->touched_count; i++)
		json_array_append_new(ids, json_integer(c->touched[i]));
	return ids;
}

static struct change_entry *waiting(const struct changes *c, const char *service)
{
	for (size_t i = c->count; i-- > 0;)
		if (c->list[i]->stage == STAGE_PREPARE && !strcmp(c->list[i]->service, service))
			return c->list[i];
	return NULL;
}

struct change_entry *changes_ask(struct changes *c, const char *service, const char *fmt, ...)
{
	struct change_entry *e = waiting(c, service) ?: change_new(c, service);
	char what[256];
	va_list args;

	if (!e)
		return NULL;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (e->what_count < CHANGE_WHATS)
		e->what[e->what_count] = strdup(what);
	e->what_count++;
	touch(c, e->id);
	e->dirty = c->dirty = true;
	return e;
}

void change_undo(struct change_entry *e, char *from, char *to)
{
	struct undo *undo = array_grow(e->undo, e->undo_count, sizeof(*undo));

	if (undo)
		e->undo = undo;
	if (!undo || !from || !to) {
		free(from);
		free(to);
		return;
	}
	undo[e->undo_count++] = (struct undo){ from, to };
}

/* ---- from stage to stage ---- */

int change_plan_new(const struct change_entry *e, struct plan *ret)
{
	if (!e->before || !e->after)
		return -ENOENT;
	return plan_new(e->before->nodes, e->before->count, e->after->nodes, e->after->count, ret);
}

void change_plan(struct change_entry *e)
{
	if (e->planned || e->stage == STAGE_PREPARE || e->of_key || e->of_clients)
		return;
	if (change_plan_new(e, &e->plan))
		e->plan = (struct plan){};
	plan_keep_arcs(&e->plan);
	e->planned = true;
	e->moved = (double)e->plan.moved / PLAN_CIRCLE;
	e->least = e->plan.least;
	if (e->stage == STAGE_DONE)
		plan_clear(&e->plan);
}

static void stage_set(struct changes *c, struct change_entry *e, enum stage stage)
{
	e->stage = stage;
	e->dirty = c->dirty = true;
	log_of(LOG_LEVEL_INFO, "change", e->service, "change %u of %s: %s", e->id, e->service,
	       stage_print(stage));
}

/* What the last change of that ring has left; NULL: that is not known. */
static struct roster *left_last(const struct changes *c, const char *service, uint64_t route)
{
	for (size_t i = c->count; i-- > 0;)
		if (c->list[i]->after && c->list[i]->route == route &&
		    !strcmp(c->list[i]->service, service))
			return c->list[i]->after;
	return NULL;
}

static void rosters_set(const struct changes *c, struct change_entry *e,
			const struct live_move *move)
{
	struct roster *left = left_last(c, e->service, e->route);

	e->before = roster_new(move->before, move->before_count, left);
	e->after = roster_new(move->after, move->after_count, e->before);
	e->rings_dirty = true;
}

/* What the change moves, of the rings that are at hand. */
static void plan_set(struct change_entry *e, const struct live_move *move)
{
	e->planned = !plan_new_arcs(move->was, move->is, &e->plan);
	e->moved = (double)e->plan.moved / PLAN_CIRCLE;
	e->least = e->plan.least;
}

void changes_begun(struct changes *c, const struct live_move *move, uint64_t now)
{
	const struct live_service *s = move->service;
	struct change_entry *e = waiting(c, s->name);
	char route[ROUTE_TEXT];

	if (!e)
		e = changes_ask(c, s->name, s->ring_count > 1 ? "in the ring of %s" :
				"what was under way", route_print(&move->ring->route, route));
	if (!e)
		return;
	e->route = s->ring_count > 1 ? route_id(&move->ring->route) : 0;
	rosters_set(c, e, move);
	plan_set(e, move);
	e->begun = e->pins_at = now;
	e->window = move->kept ? service_window(s) * NS_PER_S / 10 : 0;
	e->settle = move->kept ? service_settle(s) * NS_PER_S / 10 : 0;
	e->cells = move->cells;
	stage_set(c, e, STAGE_COPY);
}

/* As "hot 203.0.113.9: split over 100 shards". */
static void key_says(const struct live *live, const struct live_key *key, char *buf, size_t size)
{
	uint64_t side = hot_newest(*key->answer);
	const struct live_backend *backend = live->by_id[xring_hot_backend(side)];
	char text[KEY_VALUE_TEXT];

	key_flow_print(&key->service->key, &key->record->flow, text);
	if (xring_hot_shards(side))
		snprintf(buf, size, "hot %s: split over %u shards", text, xring_hot_shards(side));
	else if (backend)
		snprintf(buf, size, "hot %s: to %s", text, backend->name);
	else
		snprintf(buf, size, "hot %s: as the ring says", text);
}

void changes_key_begun(struct changes *c, const struct live *live, const struct live_key *key,
		       uint64_t now)
{
	const struct live_service *s = key->service;
	struct change_entry *e = change_new(c, s->name);
	char what[KEY_VALUE_TEXT + NAME_BYTES + 32];

	if (!e)
		return;
	key_says(live, key, what, sizeof(what));
	e->what[0] = strdup(what);
	e->what_count = 1;
	e->of_key = true;
	e->key_hash = key->hash;
	e->begun = e->pins_at = now;
	e->window = service_window(s) * NS_PER_S / 10;
	e->settle = service_settle(s) * NS_PER_S / 10;
	touch(c, e->id);
	stage_set(c, e, STAGE_COPY);
}

static struct change_entry *shifting(const struct changes *c, const char *service, uint64_t now)
{
	for (size_t i = c->count; i-- > 0;)
		if (c->list[i]->of_clients && c->list[i]->begun == now &&
		    !strcmp(c->list[i]->service, service))
			return c->list[i];
	return NULL;
}

void changes_shifted(struct changes *c, const struct live_service *s, uint64_t now,
		     const char *what)
{
	struct change_entry *e = shifting(c, s->name, now);

	if (!e) {
		e = change_new(c, s->name);
		if (!e)
			return;
		e->of_clients = true;
		e->begun = e->pins_at = now;
		e->window = service_window(s) * NS_PER_S / 10;
		e->settle = service_settle(s) * NS_PER_S / 10;
		touch(c, e->id);
		stage_set(c, e, STAGE_COPY);
	}
	if (e->what_count < CHANGE_WHATS)
		e->what[e->what_count] = strdup(what);
	e->what_count++;
}

#define PLANNED_AT_ONCE 256	/* up to that many backends a plan takes no noticeable time */

uint64_t change_age_ms(const struct change_entry *e)
{
	uint64_t now = clock_ns(), wall = clock_wall_ms();

	if (e->stage == STAGE_DONE)
		return e->took_ms;
	if (e->asked_ns && now >= e->asked_ns)
		return (now - e->asked_ns) / NS_PER_MS;
	return wall > e->asked_ms ? wall - e->asked_ms : 0;
}

void change_end(struct changes *c, struct change_entry *e, const char *why)
{
	e->took_ms = change_age_ms(e);
	if (e->before && e->after && e->before->count + e->after->count <= PLANNED_AT_ONCE)
		change_plan(e);
	stage_set(c, e, STAGE_DONE);
	snprintf(e->end, sizeof(e->end), "%s", why);
	e->ended_ms = clock_wall_ms();
	e->pins = 0;
	e->old_per_s = 0;
	plan_clear(&e->plan);
	change_undo_clear(e);
}

void changes_flushed(struct changes *c, const struct live *live)
{
	for (size_t i = c->count; i-- > 0;) {
		const struct live_service *s = live_service(live, c->list[i]->service);

		if (c->list[i]->stage == STAGE_PREPARE &&
		    !(s && (s->failed || service_joins(s) || service_waits(s))))
			change_end(c, c->list[i], "nothing moved");
	}
}

/*
 * Does the change's key still move, or its clients, or a cell that has moved since before
 * this change?
 */
static bool still_moves(const struct live *live, const struct change_entry *e)
{
	const struct live_service *s = live_service(live, e->service);
	const struct live_key *key = s && e->of_key ? live_key(live, s, e->key_hash) : NULL;

	if (e->of_key)
		return key && *key->answer & XRING_HOT_MOVING;

	if (e->of_clients)
		return s && s->classes && s->classes->moving;
	for (size_t i = 0; s && i < s->ring_count; i++)
		if (cells_move_since(&s->rings[i]->cells, e->begun / (NS_PER_S / 10)))
			return true;
	return false;
}

/* Is a backend that this change removed still leaving? */
static bool still_leaves(const struct live *live, const struct change_entry *e)
{
	const struct live_service *s = live_service(live, e->service);

	for (size_t i = 0; s && e->before && i < s->leaving_count; i++)
		if (roster_has(e->before, s->leaving[i]->name))
			return true;
	return false;
}

static void entry_tick(struct changes *c, struct change_entry *e, const struct live *live,
		       uint64_t now)
{
	if (e->stage == STAGE_COPY && now >= e->begun + e->window)
		stage_set(c, e, STAGE_CATCH_UP);
	if (e->stage == STAGE_CATCH_UP && now >= e->begun + e->settle && !still_moves(live, e)) {
		stage_set(c, e, STAGE_SWITCH);
		stage_set(c, e, STAGE_CLEANUP);
		e->walk = live->walk_begun;
	}
	/* A cut holds no flow: no walk has to confirm that. */
	if (e->stage == STAGE_CLEANUP && (!e->settle || !live_service(live, e->service)) &&
	    !still_leaves(live, e))
		change_end(c, e, "done");
}

uint64_t changes_tick(struct changes *c, const struct live *live, uint64_t now)
{
	uint64_t next = 0;

	for (size_t i = 0; i < c->count; i++) {
		struct change_entry *e = c->list[i];
		uint64_t at;

		entry_tick(c, e, live, now);
		if (e->stage != STAGE_COPY && e->stage != STAGE_CATCH_UP)
			continue;
		at = e->begun + (e->stage == STAGE_COPY ? e->window : e->settle);
		if (at > now)
			sooner(&next, at);
	}
	changes_forget_oldest(c);	/* here alone, where nobody is in the middle of the list */
	return next;
}

/* Does the walk count pins for this change? Not for a cut, which holds no flow. */
static bool is_counted(const struct change_entry *e)
{
	return e->stage > STAGE_PREPARE && e->stage < STAGE_DONE && e->settle;
}

void changes_walk_begun(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		c->list[i]->pins_now = 0;
		if (is_counted(c->list[i]))
			change_plan(c->list[i]);
	}
}

static bool is_held_by(const struct change_entry *e, const struct live_ring *r,
		       const struct path *path)
{
	if (e->of_key)
		return path->key == e->key_hash;
	if (e->of_clients)
		return e->stage < STAGE_CLEANUP;
	return (!e->route || e->route == route_id(&r->route)) &&
	       plan_moves_hash(&e->plan, path->hash);
}

void changes_held(struct changes *c, const struct live_ring *r, const struct path *path)
{
	for (size_t i = 0; i < c->count; i++) {
		struct change_entry *e = c->list[i];

		if (is_counted(e) && !strcmp(e->service, r->service->name) &&
		    is_held_by(e, r, path))
			e->pins_now++;
	}
}

void changes_walk_done(struct changes *c, const struct live *live, uint64_t now)
{
	for (size_t i = 0; i < c->count; i++) {
		struct change_entry *e = c->list[i];

		if (e->stage == STAGE_PREPARE || e->stage == STAGE_DONE)
			continue;
		e->old_per_s = e->pins_now > e->pins && now > e->pins_at ?
			       (e->pins_now - e->pins) * 1e9 / (now - e->pins_at) : 0;
		e->pins = e->pins_now;
		e->pins_at = now;
		if (e->stage == STAGE_CLEANUP && !e->pins && live->walk_begun > e->walk &&
		    !still_leaves(live, e))
			change_end(c, e, "done");
	}
}

struct change_entry *changes_find(const struct changes *c, uint32_t id)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i]->id == id)
			return c->list[i];
	return NULL;
}

const char *stage_print(enum stage stage)
{
	static const char *const names[] = {
		"prepare", "copy", "catch-up", "switch", "cleanup", "done",
	};

	return names[stage];
}
