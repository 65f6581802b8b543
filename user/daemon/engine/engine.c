// SPDX-License-Identifier: GPL-2.0-or-later
/* How the engine starts, with or without running maps, and how it ends. */
#include "daemon/engine/engine.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/hot/entries.h"
#include "core/model/key_value.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/check.h"
#include "daemon/engine/interfaces.h"
#include "daemon/engine/load.h"
#include "daemon/engine/log.h"
#include "daemon/engine/parts.h"
#include "daemon/engine/state.h"
#include "daemon/engine/zones.h"
#include "daemon/live/live.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"
#include "dp/write.h"

#define SETTLE_MS 300		/* time for neighbours to answer before the first packet */

static bool any_vip(const struct dp *dp)
{
	const struct xring_slot *half = dp_vips_live(dp);

	for (size_t i = 0; i < XRING_VIP_SLOTS; i++)
		if (half[i].port)
			return true;
	return false;
}

/*
 * Version 0.3.0 kept some of what the next daemon must know in mapped files, where a store may
 * fail on a full disk.
 */
static void files_to_maps(struct engine *e)
{
	state_copy_to_map(e->state, "since", e->dp->since,
			  e->dp->cell_count / 2 * sizeof(*e->dp->since));
	state_copy_to_map(e->state, "keys", e->dp->keys,
			  HOT_PLACES * sizeof(*e->dp->keys));
}

/* Adopts what the maps hold, unless another hash key forbids that. */
static int maps_begin(struct engine *e)
{
	uint64_t expanded[XRING_HASH_KEYS];
	int err;

	files_to_maps(e);
	hash_expand(e->model.hash_key, expanded);
	if (e->dp->abi_found && any_vip(e->dp) &&
	    memcmp(expanded, e->dp->config->hash_key, sizeof(expanded))) {
		if (!e->options.cut) {
			log_err(0, "hash_key differs from that of the running datapath, "
				"and would move every flow: want --cut");
			return -EINVAL;
		}
		log_warn("another hash_key: every flow may move");
	}
	hash_expand(e->model.hash_key, (uint64_t *)e->dp->config->hash_key);
	__atomic_store_n(&e->dp->layout->abi, XRING_ABI, __ATOMIC_RELEASE);
	err = live_adopt(e->live, &e->model, engine_now(e));
	live_models_set(e->live, &e->model);
	if (!err && e->options.cut)
		live_close_cells(e->live);
	return err;
}

/*
 * Checks *next, the model to start with, against e->model, which ran before, and puts it in
 * its place. If the maps hold no VIP, no flow can be lost and the check is that of --cut.
 */
static int check_begin(struct engine *e, const char *source, struct model *next)
{
	struct change change = { .cut = e->options.cut || !any_vip(e->dp), .from_file = true };
	struct why why;

	if (engine_check(e, next, &change, &why))
		return log_err(0, "%s: %s", source, why.text) ?: -EINVAL;
	model_clear(&e->model);
	e->model = *next;
	*next = (struct model){};
	live_models_set(e->live, &e->model);
	engine_zones(e);
	return 0;
}

/* The model to start with; where the source is cut off, the one that ran. */
static int model_begin(struct engine *e, const struct source_text *source, struct model *ret)
{
	int err = state_read_loaded(e->state, source->name, e->loaded);

	if (err || !e->ran || !engine_cut_off(e, source, &e->refused))
		return err ?: engine_merge(e, source, ret);
	log_err(0, "%s: %s; all stays as it ran", source->name, e->refused.text);
	return model_copy(&e->model, ret);
}

int engine_begin(struct engine *e, const struct source_text *source)
{
	struct dp_options dp = { .bpffs = e->options.bpffs };
	struct model next;
	int err = model_begin(e, source, &next);

	if (err)
		return err;
	dp.cells = next.limit_cells;
	dp.backends = next.limit_backends;
	dp.pins = next.pins;
	dp.fragments = next.limit_fragments;
	err = engine_lines(&next, &dp.lines) ?: dp_open(&dp, &e->dp) ?:
	      engine_hooks_open(e) ?: check_begin(e, source->name, &next) ?: maps_begin(e);
	if (!err) {
		state_keep_running(e->state, &e->model);
		err = *e->refused.text ? 0 : engine_loaded(e, source);
	}
	e->ran = true;
	model_clear(&next);
	return err;
}

int engine_start(struct engine *e)
{
	int err = live_replies_yield(e->live, &e->model, engine_now(e)) ?:
		  engine_flush(e, e->options.cut);

	if (err && e->stats.pending)	/* nothing of the model is in the maps */
		return err;
	interfaces_write(e);
	err = dp_take_over(e->dp);
	if (err)
		return err;
	state_forget(e->state, "since");
	state_forget(e->state, "keys");
	nexthop_settle(e->live->nexthops, SETTLE_MS);
	if (e->dp->adopted)
		log_info("adopted the running datapath");
	return interfaces_start(e);
}

int engine_open(const struct engine_options *options, struct loop *loop, struct engine **ret)
{
	struct engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->options = *options;
	e->loop = loop;
	e->started = clock_ns();
	e->flush.source.fd = e->tick.source.fd = e->interfaces.source.fd = e->retry.source.fd = -1;
	model_init(&e->model);
	e->changes = calloc(1, sizeof(*e->changes));
	e->loaded = calloc(1, sizeof(*e->loaded));
	err = !e->changes || !e->loaded ? -ENOMEM : state_open(options->state, &e->state) ?:
	      state_read_running(e->state, &e->model);
	if (err && err != -ENOENT) {
		engine_close(e);
		return err;
	}
	e->ran = !err;
	*ret = e;
	return 0;
}

void engine_stop(struct engine *e)
{
	if (e->stats.pending)
		engine_flush(e, false);
}

static void timer_close(struct loop *loop, struct loop_timer *timer)
{
	if (timer->source.fd >= 0)
		loop_timer_close(loop, timer);
}

void engine_close(struct engine *e)
{
	timer_close(e->loop, &e->flush);
	timer_close(e->loop, &e->tick);
	interfaces_close(e);
	timer_close(e->loop, &e->retry);
	if (e->walk)
		walk_close(e->walk);
	if (e->live)
		live_close(e->live);
	if (e->changes)
		changes_close(e->changes);
	free(e->changes);
	if (e->dp)
		dp_close(e->dp);
	if (e->loaded)
		loaded_clear(e->loaded);
	free(e->loaded);
	state_close(e->state);
	model_clear(&e->model);
	free(e);
}
