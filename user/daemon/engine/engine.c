// SPDX-License-Identifier: GPL-2.0-or-later
/* How the engine starts, on maps that run or on none, and how it ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "core/vip/template.h"
#include "daemon/engine/parts.h"
#include "daemon/watch/health.h"
#include "daemon/live/hot_keys.h"
#include "daemon/net/nexthop.h"
#include "daemon/engine/state.h"

#define SETTLE_MS 300		/* for neighbours to answer, before the first packet */

static bool any_vip(const struct dp *dp)
{
	const struct xring_slot *half = dp_vips_live(dp);

	for (size_t i = 0; i < XRING_VIP_SLOTS; i++)
		if (half[i].port)
			return true;
	return false;
}

/* Takes the running maps, or makes them new. */
static int maps_begin(struct engine *e)
{
	uint64_t expanded[XRING_HASH_KEYS];
	int err;

	hash_expand(e->model.hash_key, expanded);
	if (e->dp->config->abi && any_vip(e->dp) &&
	    memcmp(expanded, e->dp->config->hash_key, sizeof(expanded))) {
		if (!e->options.cut) {
			log_err(0, "hash_key differs from that of the running datapath, "
				"and would move every flow: want --cut");
			return -EINVAL;
		}
		log_warn("another hash_key: every flow may move");
	}
	hash_expand(e->model.hash_key, (uint64_t *)e->dp->config->hash_key);
	__atomic_store_n(&e->dp->config->abi, XRING_ABI, __ATOMIC_RELEASE);
	err = live_adopt(e->live, &e->model, engine_now(e));
	if (!err && e->options.cut)
		live_close_cells(e->live);
	return err;
}

/*
 * Checks *next, the model to start with, against e->model, the one that ran
 * before, and puts it in its place. Where the maps hold no VIP, nothing ran.
 */
static int check_begin(struct engine *e, struct model *next)
{
	struct change change = { .cut = e->options.cut || !any_vip(e->dp) };
	char why[512];

	if (engine_check(e, next, &change, why, sizeof(why)))
		return log_err(0, "%s: %s", e->options.file, why) ?: -EINVAL;
	model_clear(&e->model);
	e->model = *next;
	*next = (struct model){};
	engine_zones(e);
	return 0;
}

static int begin_with(struct engine *e, struct model *next, const char *text, size_t len)
{
	static const struct model none;
	struct dp_options dp = {
		e->options.bpffs, next->limit_cells, next->limit_backends, next->pins,
	};
	int err = engine_lines(next, &dp.lines) ?: dp_open(&dp, &e->dp) ?: state_open(e->options.state, &e->state_lock) ?:
		  engine_live_begin(e) ?: check_begin(e, next) ?: maps_begin(e) ?: homed_open(e) ?:
		  state_write_running(e->options.state, &e->model) ?:
		  state_write(e->options.state, "loaded", text, len) ?: engine_flush(e, e->options.cut) ?:
		  dp_take_over(e->dp) ?: hot_open(e) ?:
		  loads_open(e->loop, e->live, &e->model, &e->loads);

	if (err)
		return err;
	nexthop_settle(e->live->nexthops, SETTLE_MS);
	if (e->dp->adopted)
		log_info("adopted the running datapath");
	engine_attach(e, &none);
	return 0;
}

/* Nothing is touched before the file is known to be right. */
static int begin(struct engine *e)
{
	struct model file, next;
	_free_ char *text = NULL;
	size_t len;
	int err = state_read_running(e->options.state, &e->model);

	if (err && err != -ENOENT)
		return err;
	err = engine_read_file(e->options.file, &e->model, &file, &text, &len);
	if (err)
		return err;
	err = state_merge(e->options.state, e->options.file, &file, text, len, &next);
	model_clear(&file);
	if (!err) {
		err = begin_with(e, &next, text, len);
		model_clear(&next);
	}
	return err == -EINVAL ? -EIO : err;	/* -EINVAL is for the file alone */
}

int engine_open(const struct engine_options *options, struct loop *loop, struct engine **ret)
{
	struct engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->options = *options;
	e->loop = loop;
	e->started = time(NULL);
	e->flush.source.fd = e->tick.source.fd = e->doors.source.fd = e->state_lock = -1;
	e->path = realpath(options->file, NULL);
	model_init(&e->model);
	err = begin(e);
	if (err) {
		engine_close(e);
		return err;
	}
	*ret = e;
	return 0;
}

void engine_close(struct engine *e)
{
	if (e->stats.pending)
		engine_flush(e, false);
	health_close(e);
	if (e->flush.source.fd >= 0)
		loop_timer_close(e->loop, &e->flush);
	if (e->tick.source.fd >= 0)
		loop_timer_close(e->loop, &e->tick);
	if (e->doors.source.fd >= 0)
		loop_timer_close(e->loop, &e->doors);
	flows_close(e->loop, &e->flows);
	hot_close(e);
	homed_close(e);
	loads_close(e->loop, &e->loads);
	if (e->walk)
		walk_close(e->walk);
	if (e->live)
		live_close(e->live);
	if (e->changes.dir)
		changes_close(&e->changes);
	if (e->records)
		munmap(e->records, HOT_PLACES * sizeof(*e->records));
	if (e->since)
		munmap(e->since, e->dp->cell_count / 2 * sizeof(*e->since));
	if (e->dp)
		dp_close(e->dp);
	closep(&e->state_lock);
	model_clear(&e->model);
	free(e->path);
	free(e);
}
