// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/template.h"
#include "core/text.h"
#include "daemon/nexthop.h"
#include "daemon/state.h"

#define SETTLE_MS 300		/* for neighbours to answer, before the first packet */

/* ---- flushing ---- */

static int flush(struct engine *e)
{
	struct live_report report;
	int err = live_apply(e->live, &e->model, &report);

	e->stats.pending = 0;
	if (err)
		return log_err(err, "the maps could not be brought to the new state");
	e->stats.flushes++;
	e->stats.cells += report.cells;
	e->stats.flush_ns = report.ns;
	if (report.ns > e->stats.flush_ns_max)
		e->stats.flush_ns_max = report.ns;
	return 0;
}

static void flush_due(void *context)
{
	struct engine *e = context;

	if (e->stats.pending)
		flush(e);
}

/* Gathers changes until the interval is over or enough of them have come. */
static void gather(struct engine *e, const struct change *change)
{
	e->stats.asked += change->count;
	e->stats.pending += change->count;
	if (change->now || !e->model.flush_interval_ms ||
	    e->stats.pending >= e->model.flush_changes)
		flush(e);
	else if (!e->flush.set)
		loop_timer_set(&e->flush, e->model.flush_interval_ms);
}

/* ---- checking ---- */

int engine_check_links(const struct model *m, const struct service **ret_service,
		       const struct backend **ret_backend)
{
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		for (size_t b = 0; s->mode == MODE_L2 && b < s->backend_count; b++) {
			if (nexthop_on_link(&s->backends[b].address) != 0)
				continue;
			*ret_service = s;
			*ret_backend = &s->backends[b];
			return -EINVAL;
		}
	}
	return 0;
}

static int check_links(const struct model *m, char *why, size_t size)
{
	const struct service *s;
	const struct backend *b;
	char text[ADDRESS_TEXT];

	if (!engine_check_links(m, &s, &b))
		return 0;
	snprintf(why, size, "service %s: backend %s: %s is behind a gateway: "
		 "want one on the link, as l2 rewrites MAC addresses alone",
		 s->name, b->name, address_print(&b->address, text));
	return -EINVAL;
}

/* What would move every flow is refused on a live service. */
static int check_cut(const struct model *from, const struct model *to, char *why, size_t size)
{
	if (from->service_count && memcmp(from->hash_key, to->hash_key, HASH_KEY_BYTES)) {
		snprintf(why, size, "another hash_key moves every flow: want --cut");
		return -EINVAL;
	}
	for (size_t i = 0; i < to->service_count; i++) {
		const struct service *now = &to->services[i];
		const struct service *was = model_service(from, now->name);
		char old_key[KEY_TEXT], new_key[KEY_TEXT];

		if (!was || key_equal(&was->key, &now->key))
			continue;
		snprintf(why, size, "service %s: key %s instead of %s moves every flow: want --cut",
			 now->name, key_print(&now->key, new_key), key_print(&was->key, old_key));
		return -EINVAL;
	}
	return 0;
}

static int check(struct engine *e, const struct model *next, bool cut, char *why, size_t size)
{
	struct model_error error;

	if (model_check(next, &error)) {
		snprintf(why, size, "%s", error.message);
		return -EINVAL;
	}
	return (cut ? 0 : check_cut(&e->model, next, why, size)) ?:
	       check_links(next, why, size) ?: live_check(e->live, next, why, size);
}

static void hash_key_write(struct engine *e, const struct model *m)
{
	hash_expand(m->hash_key, (uint64_t *)e->dp->config->hash_key);
}

int engine_change(struct engine *e, struct model *next, const struct change *change,
		  char *why, size_t size)
{
	int err = check(e, next, change->cut, why, size);

	if (err)
		return err;
	err = state_write_running(e->options.state, next);
	if (err) {
		snprintf(why, size, "state directory %s: %s", e->options.state, errno_text(-err));
		return err;
	}
	if (memcmp(next->hash_key, e->model.hash_key, HASH_KEY_BYTES))
		hash_key_write(e, next);
	model_clear(&e->model);
	e->model = *next;
	*next = (struct model){};
	gather(e, change);
	return 0;
}

/* ---- the file ---- */

static int file_read(const char *path, struct model *ret, char **ret_text, size_t *ret_len)
{
	struct conf_error why;
	int err = conf_read(path, ret_text, ret_len, &why) ?:
		  conf_parse(path, *ret_text, *ret_len, ret, NULL, &why);

	if (err)
		log_err(err == -EINVAL ? 0 : err, "%s", err == -ENOMEM ? path : why.message);
	return err;
}

static bool has_interface(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->interface_count; i++)
		if (!strcmp(m->interfaces[i], name))
			return true;
	return false;
}

/* Attaches to the model's interfaces that `before` did not have. */
static void interfaces_attach(struct engine *e, const struct model *before)
{
	for (size_t i = 0; i < e->model.interface_count; i++) {
		const char *name = e->model.interfaces[i], *mode;
		char why[256];

		if (has_interface(before, name))
			continue;
		if (dp_attach(e->dp, name, DP_MODE_ANY, &mode, why, sizeof(why)))
			log_warn("attach %s", why);
		else
			log_info("attached to %s (%s)", name, mode);
	}
}

static void interfaces_detach(struct engine *e, const struct model *before)
{
	char why[256];

	for (size_t i = 0; i < before->interface_count; i++)
		if (!has_interface(&e->model, before->interfaces[i]) &&
		    dp_detach(e->dp, before->interfaces[i], why, sizeof(why)))
			log_warn("detach %s", why);
}

/* Does what changed in the file, which says `text` now. */
static int file_apply(struct engine *e, const struct model *file, const char *text, size_t len)
{
	struct change change = { .now = true, .count = 1 };
	struct model next;
	char why[512];
	int err = state_merge(e->options.state, file, text, len, &next);

	if (err)
		return log_err(err, "%s", e->options.file);
	err = engine_change(e, &next, &change, why, sizeof(why));
	if (err) {
		log_err(0, "%s: %s", e->options.file, why);
		model_clear(&next);
		return err;
	}
	return state_write(e->options.state, "loaded", text, len);
}

int engine_reload(struct engine *e)
{
	struct model file, before;
	_free_ char *text = NULL;
	size_t len;
	int err = file_read(e->options.file, &file, &text, &len);

	if (err)
		return err;
	err = model_copy(&e->model, &before);
	if (!err) {
		err = file_apply(e, &file, text, len);
		if (!err) {
			interfaces_detach(e, &before);
			interfaces_attach(e, &before);
			log_info("%s: loaded", e->options.file);
		}
		model_clear(&before);
	}
	model_clear(&file);
	return err;
}

int engine_saved(struct engine *e, const char *text, char *why, size_t size)
{
	int err = state_write(e->options.state, "loaded", text, strlen(text));

	if (err)
		snprintf(why, size, "state directory %s: %s", e->options.state, errno_text(-err));
	return err;
}

/* ---- starting ---- */

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
	hash_key_write(e, &e->model);
	__atomic_store_n(&e->dp->config->abi, XRING_ABI, __ATOMIC_RELEASE);
	return live_adopt(e->live, &e->model);
}

static int model_begin(struct engine *e, char **ret_text, size_t *ret_len)
{
	struct model file;
	int err = file_read(e->options.file, &file, ret_text, ret_len);

	if (err)
		return err;
	err = state_open(e->options.state) ?:
	      state_merge(e->options.state, &file, *ret_text, *ret_len, &e->model);
	model_clear(&file);
	return err;
}

/* The state that was running before, for the checks of what moves flows. */
static int check_begin(struct engine *e)
{
	_free_ char *running_text = NULL;
	struct model running, next = e->model;
	struct conf_error ignored;
	size_t running_len;
	char why[512];
	int err = state_read(e->options.state, "running.yaml", &running_text, &running_len);

	if (err)
		return err;
	model_init(&e->model);
	if (running_text && any_vip(e->dp) &&
	    !conf_parse("running.yaml", running_text, running_len, &running, NULL, &ignored)) {
		model_clear(&e->model);
		e->model = running;
	}
	err = check(e, &next, e->options.cut, why, sizeof(why));
	model_clear(&e->model);
	e->model = next;
	if (err)
		log_err(0, "%s: %s", e->options.file, why);
	return err;
}

static int begin(struct engine *e)
{
	static const struct model none;
	struct dp_options dp = { .bpffs = e->options.bpffs };
	_free_ char *text = NULL;
	size_t len;
	int err = model_begin(e, &text, &len);

	if (err)
		return err;
	dp.cells = e->model.limit_cells;
	dp.backends = e->model.limit_backends;
	err = dp_open(&dp, &e->dp) ?: live_open(e->dp, e->loop, &e->live) ?:
	      loop_timer_new(e->loop, &e->flush, flush_due, e) ?:
	      check_begin(e) ?: maps_begin(e) ?:
	      state_write_running(e->options.state, &e->model) ?:
	      state_write(e->options.state, "loaded", text, len) ?: flush(e);
	if (err)
		return err;
	nexthop_settle(e->live->nexthops, SETTLE_MS);
	if (e->dp->adopted)
		log_info("adopted the running datapath");
	interfaces_attach(e, &none);
	return 0;
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
	e->flush.source.fd = -1;
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
		flush(e);
	if (e->flush.source.fd >= 0)
		loop_timer_close(e->loop, &e->flush);
	if (e->live)
		live_close(e->live);
	if (e->dp)
		dp_close(e->dp);
	model_clear(&e->model);
	free(e);
}
