// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/template.h"
#include "core/text.h"
#include "daemon/health.h"
#include "daemon/nexthop.h"
#include "daemon/state.h"

#define SETTLE_MS 300		/* for neighbours to answer, before the first packet */

/* ---- what the host lacks ---- */

static bool sysctl_on(const char *path)
{
	FILE *f = fopen(path, "re");
	int value = 1;		/* not to be read: nothing to complain of */

	if (!f)
		return true;
	if (fscanf(f, "%d", &value) != 1)
		value = 1;
	fclose(f);
	return value;
}

/* The replies of nat are routed as the host routes. True where it was said. */
static bool warn_forwarding(const struct model *m)
{
	bool nat[2] = {};

	for (size_t i = 0; i < m->service_count; i++)
		for (size_t v = 0; m->services[i].mode == MODE_NAT &&
				   v < m->services[i].vip_count; v++)
			nat[m->services[i].vips[v].address.family == AF_INET6] = true;
	nat[0] = nat[0] && !sysctl_on("/proc/sys/net/ipv4/ip_forward");
	nat[1] = nat[1] && !sysctl_on("/proc/sys/net/ipv6/conf/all/forwarding");
	if (nat[0] || nat[1])
		log_warn("nat needs IP forwarding for its replies: want `sysctl %s=1`",
			 nat[0] ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding");
	return nat[0] || nat[1];
}

static void tick(struct engine *e);

/* ---- flushing ---- */

uint64_t engine_now(const struct engine *e)
{
	return clock_ns() + e->dp->config->clock;
}

static int flush(struct engine *e, bool cut)
{
	struct live_times times = { engine_now(e), cut };
	struct live_report report;
	int err;

	err = live_apply(e->live, &e->model, &times, &report);
	e->stats.pending = 0;
	if (err)
		return log_err(err, "the maps could not be brought to the new state");
	changes_flushed(&e->changes, e->live);
	if (cut)
		walk_whole(e->walk);	/* no pin of before is to be believed later */
	if (!e->warned)
		e->warned = warn_forwarding(&e->model);
	e->stats.flushes++;
	e->stats.cells += report.cells;
	e->stats.flush_ns = report.ns;
	if (report.ns > e->stats.flush_ns_max)
		e->stats.flush_ns_max = report.ns;
	tick(e);
	return 0;
}

int engine_flush(struct engine *e)
{
	return flush(e, false);
}

static void flush_due(void *context)
{
	struct engine *e = context;

	if (e->stats.pending)
		flush(e, false);
}

/* Gathers changes until the interval is over or enough of them have come. */
static void gather(struct engine *e, const struct change *change)
{
	if (!change->count)	/* nothing that the maps hold */
		return;
	e->stats.asked += change->count;
	e->stats.gathered += e->stats.pending ? change->count : 0;
	e->stats.pending += change->count;
	if (change->now || change->cut || !e->model.flush_interval_ms ||
	    e->stats.pending >= e->model.flush_changes)
		flush(e, change->cut);
	else if (!e->flush.set)
		loop_timer_set(&e->flush, e->model.flush_interval_ms);
}

void engine_gather(struct engine *e)
{
	gather(e, &(struct change){ .count = 1 });
}

/* ---- time ---- */

/* What changes by time alone, in words. */
static void say_why(struct engine *e)
{
	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		const struct live_node *node = e->live->by_id[id];
		char weight[WEIGHT_TEXT];

		if (!node)
			continue;
		if (node->dying && !node->dead && node->owner->drain_until)
			changes_ask(&e->changes, node->service->name, "drain: the time of %s is over",
				    node->name);
		else if (node->owner->ramp_from && node->counts != node->counted)
			changes_ask(&e->changes, node->service->name, "slow start: %s: weight %s",
				    node->name, weight_print(node->counts, weight));
	}
}

static void tick(struct engine *e)
{
	uint64_t now = engine_now(e), next, stage;
	bool apply = false;

	next = live_tick(e->live, &e->model, now, &apply);
	stage = changes_tick(&e->changes, e->live, now);
	if (stage && (!next || stage < next))
		next = stage;
	if (live_busy(e->live))
		walk_begin(e->walk);
	changes_write(&e->changes);
	if (next)
		loop_timer_set(&e->tick, next > now ? (next - now) / NS_PER_MS + 1 : 0);
	/* What waits for others goes out with them, and weighs then. */
	if (apply && !e->stats.pending) {
		say_why(e);
		flush(e, false);
	}
}

static void tick_due(void *context)
{
	tick(context);
}

void engine_clock_advance(struct engine *e, uint64_t ns)
{
	__atomic_fetch_add(&e->dp->config->clock, ns, __ATOMIC_RELEASE);
	tick(e);
}

/* ---- what the live services and the walk tell ---- */

static uint64_t hook_now(void *context)
{
	return engine_now(context);
}

static void hook_moved(void *context, const struct live_move *move)
{
	struct engine *e = context;

	changes_begun(&e->changes, move, engine_now(e));
}

static void hook_node(void *context, struct live_node *node)
{
	health_node(context, node);
}

static void hook_node_gone(void *context, struct live_node *node)
{
	(void)context;
	health_node_gone(node);
}

static void hook_held(void *context, struct live_service *s, uint32_t hash)
{
	struct engine *e = context;

	changes_held(&e->changes, s, hash);
}

static void hook_walk_begun(void *context)
{
	struct engine *e = context;

	changes_walk_begun(&e->changes);
}

static void hook_walk_done(void *context)
{
	struct engine *e = context;

	live_sweep(e->live, &e->model);
	changes_walk_done(&e->changes, e->live, engine_now(e));
	changes_write(&e->changes);
}

/* ---- checking ---- */

/* The first l2 backend that is not on the link; those that ran before may stay. */
static const struct backend *off_link(const struct model *before, const struct model *m,
				      const struct service **ret_service)
{
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = *ret_service = &m->services[i];
		const struct service *was = model_service(before, s->name);

		for (size_t b = 0; s->mode == MODE_L2 && b < s->backend_count; b++) {
			const struct backend *backend = &s->backends[b], *old;

			old = was && was->mode == MODE_L2 ? service_backend(was, backend->name) :
							    NULL;
			if ((!old || !address_equal(&old->address, &backend->address)) &&
			    nexthop_on_link(&backend->address) == 0)
				return backend;
		}
	}
	return NULL;
}

#define WANT_ON_LINK "want one on the link, not behind a gateway, as mode l2 changes MAC addresses alone"

static int check_links(const struct model *before, const struct model *m, char *why, size_t size)
{
	const struct service *s;
	const struct backend *b = off_link(before, m, &s);
	char text[ADDRESS_TEXT];

	if (!b)
		return 0;
	snprintf(why, size, "address %s of backend %s of service %s: " WANT_ON_LINK,
		 address_print(&b->address, text), b->name, s->name);
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
	return (cut ? 0 : check_cut(&e->model, next, why, size) ?:
			  live_replies_check(e->live, next, engine_now(e), why, size)) ?:
	       check_links(&e->model, next, why, size) ?: live_check(e->live, next, why, size);
}

int engine_check(struct engine *e, const struct model *next, const struct change *change,
		 char *why, size_t size)
{
	return check(e, next, change->cut, why, size);
}

/* Another key moves every flow: none can be kept. */
static void hash_key_write(struct engine *e, const struct model *m)
{
	hash_expand(m->hash_key, (uint64_t *)e->dp->config->hash_key);
	live_close_cells(e->live);
}

/* ---- what a change is, service by service ---- */

/* A model of this service alone, as YAML; NULL: no memory. */
static char *service_yaml(const struct engine *e, const struct service *s)
{
	struct model one = { .services = (struct service *)s, .service_count = 1 };

	memcpy(one.hash_key, e->model.hash_key, HASH_KEY_BYTES);
	one.flush_interval_ms = e->model.flush_interval_ms;
	one.flush_changes = e->model.flush_changes;
	one.limit_cells = e->model.limit_cells;
	one.limit_backends = e->model.limit_backends;
	one.pins = e->model.pins;
	return conf_print(&one);
}

/* The changes to come get their names and their ids. */
static void changes_name(struct engine *e, const struct model *next)
{
	changes_touch_none(&e->changes);
	for (size_t i = 0; i < next->service_count; i++) {
		const struct service *now = &next->services[i];
		const struct service *was = model_service(&e->model, now->name);
		struct change_entry *entry = was ? changes_say(&e->changes, was, now) : NULL;

		if (entry)
			change_undo(entry, service_yaml(e, now), service_yaml(e, was));
	}
}

/* What drains already is cut where it is named. */
static void cut_named(const struct engine *e, const struct change *change)
{
	const struct live_service *s = change->service ? live_service(e->live, change->service) :
							 NULL;
	struct live_node *node = s && change->backend ? live_node(s, change->backend) : NULL;

	if (change->cut && node)
		node->named = true;
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
	if (change->cut && e->stats.pending)
		flush(e, false);	/* what came before cuts nothing */
	cut_named(e, change);
	changes_name(e, next);
	if (memcmp(next->hash_key, e->model.hash_key, HASH_KEY_BYTES))
		hash_key_write(e, next);
	model_clear(&e->model);
	e->model = *next;
	*next = (struct model){};
	gather(e, change);
	changes_write(&e->changes);
	return 0;
}

static int undo_models(const struct change_entry *entry, struct model *from, struct model *to)
{
	struct conf_error why;
	int err = conf_parse("undo", entry->undo_from, strlen(entry->undo_from), from, NULL, &why);

	if (err)
		return err;
	err = conf_parse("undo", entry->undo_to, strlen(entry->undo_to), to, NULL, &why);
	if (err)
		model_clear(from);
	return err;
}

/* What the change made different and nobody touched since, is put back. */
static int undo(const struct engine *e, const struct change_entry *entry, struct model *ret)
{
	struct model from, to, next;
	int err = undo_models(entry, &from, &to);

	if (err)
		return err;
	err = model_copy(&e->model, &next);
	if (!err) {
		err = model_merge(&next, &from, &to);
		if (err)
			model_clear(&next);
		else
			*ret = next;
	}
	model_clear(&from);
	model_clear(&to);
	return err;
}

int engine_cancel(struct engine *e, struct change_entry *entry, const struct change *change,
		  char *why, size_t size)
{
	uint32_t id = entry->id;
	struct model next;
	char end[64];
	int err;

	if (entry->stage == STAGE_DONE) {
		snprintf(why, size, "change %u is over: %s", id, entry->end);
		return -EINVAL;
	}
	if (!entry->undo_from) {
		snprintf(why, size, "change %u came by itself (%s): want what caused it mended", id,
			 entry->what[0] ?: "");
		return -EINVAL;
	}
	err = undo(e, entry, &next);
	if (err) {
		snprintf(why, size, "change %u: %s", id, errno_text(-err));
		return err;
	}
	err = engine_change(e, &next, change, why, size);
	if (err) {
		model_clear(&next);
		return err;
	}
	entry = changes_find(&e->changes, id);
	if (!e->changes.touched_count) {
		snprintf(why, size, "change %u: what it did has been undone already", id);
		return -EINVAL;
	}
	if (entry && entry->stage != STAGE_DONE && e->changes.touched[0] != id) {
		snprintf(end, sizeof(end), "cancelled by %u", e->changes.touched[0]);
		change_end(&e->changes, entry, end);
		changes_write(&e->changes);
	}
	return 0;
}

/* ---- the file ---- */

static int file_links(const struct model *before, const struct model *file,
		      const struct conf_places *places)
{
	const struct service *s;
	const struct backend *b = off_link(before, file, &s);
	char place[512], text[ADDRESS_TEXT];

	if (!b)
		return 0;
	log_err(0, "%s: address %s of backend %s: " WANT_ON_LINK,
		conf_place(places, s->name, b->name, place, sizeof(place)),
		address_print(&b->address, text), b->name);
	return -EINVAL;
}

int engine_read_file(const char *path, const struct model *before, struct model *ret,
		     char **ret_text, size_t *ret_len)
{
	struct conf_places *places = NULL;
	struct conf_error why;
	struct model file;
	int err = conf_read(path, ret_text, ret_len, &why) ?:
		  conf_parse(path, *ret_text, *ret_len, &file, &places, &why);

	if (err) {
		log_err(0, "%s", why.message);
		return err == -ENOMEM ? err : -EINVAL;
	}
	err = file_links(before, &file, places);
	conf_places_free(places);
	if (err) {
		model_clear(&file);
		return err;
	}
	*ret = file;
	return 0;
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

/* Has the daemon's own file this text? */
static bool is_own(const struct engine *e, const char *text)
{
	_free_ char *own = NULL;
	struct conf_error wrong;
	size_t len;

	return !conf_read(e->options.file, &own, &len, &wrong) && len == strlen(text) &&
	       !memcmp(own, text, len);
}

int engine_apply(struct engine *e, const struct model *file, const char *text,
		 const struct change *change, char *why, size_t size)
{
	struct model next, before;
	int err = model_copy(file, &next);

	if (err)
		return err;
	err = model_copy(&e->model, &before);
	if (!err) {
		err = engine_change(e, &next, change, why, size);
		if (!err) {
			interfaces_detach(e, &before);
			interfaces_attach(e, &before);
			err = is_own(e, text) ? state_write(e->options.state, "loaded", text,
							    strlen(text)) : 0;
		}
		model_clear(&before);
	}
	model_clear(&next);
	return err;
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
	int err = engine_read_file(e->options.file, &e->model, &file, &text, &len);

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

int engine_saved(struct engine *e, char *why, size_t size)
{
	_free_ char *text = NULL;
	struct conf_error wrong;
	struct model file;
	size_t len;
	int err = conf_read(e->options.file, &text, &len, &wrong) ?:
		  conf_parse(e->options.file, text, len, &file, NULL, &wrong);

	if (err) {
		snprintf(why, size, "%s", wrong.message);
		return err;
	}
	if (!model_equal(&file, &e->model)) {
		snprintf(why, size, "%s: something has changed since: want it saved again",
			 e->options.file);
		err = -EAGAIN;
	}
	model_clear(&file);
	if (err)
		return err;
	err = state_write(e->options.state, "loaded", text, len);
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
	bool cut = e->options.cut || !any_vip(e->dp);
	char why[512];

	if (check(e, next, cut, why, sizeof(why)))
		return log_err(0, "%s: %s", e->options.file, why) ?: -EINVAL;
	model_clear(&e->model);
	e->model = *next;
	*next = (struct model){};
	return 0;
}

/* What drives the maps, and what it tells us. */
static int live_begin(struct engine *e)
{
	struct walk_hooks hooks = {
		e, hook_now, hook_held, hook_walk_begun, hook_walk_done,
	};
	size_t bytes = e->dp->cell_count / 2 * sizeof(*e->since);
	int err = state_map(e->options.state, "since", bytes, (void **)&e->since) ?:
		  live_open(e->dp, e->loop, e->since, &e->live) ?:
		  walk_open(e->loop, e->live, &hooks, &e->walk) ?:
		  loop_timer_new(e->loop, &e->flush, flush_due, e) ?:
		  loop_timer_new(e->loop, &e->tick, tick_due, e) ?:
		  flows_open(e->loop, e->live, &e->flows);

	if (err)
		return err;
	e->live->context = e;
	e->live->moved = hook_moved;
	e->live->node_new = hook_node;
	e->live->node_free = hook_node_gone;
	changes_open(&e->changes, e->options.state, e->dp->adopted);
	return 0;
}

static int begin_with(struct engine *e, struct model *next, const char *text, size_t len)
{
	static const struct model none;
	struct dp_options dp = {
		e->options.bpffs, next->limit_cells, next->limit_backends, next->pins,
	};
	int err = dp_open(&dp, &e->dp) ?: state_open(e->options.state, &e->state_lock) ?:
		  live_begin(e) ?: check_begin(e, next) ?: maps_begin(e) ?:
		  state_write_running(e->options.state, &e->model) ?:
		  state_write(e->options.state, "loaded", text, len) ?: flush(e, e->options.cut) ?:
		  dp_take_over(e->dp);

	if (err)
		return err;
	nexthop_settle(e->live->nexthops, SETTLE_MS);
	if (e->dp->adopted)
		log_info("adopted the running datapath");
	interfaces_attach(e, &none);
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
	err = state_merge(e->options.state, &file, text, len, &next);
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
	e->flush.source.fd = e->tick.source.fd = e->state_lock = -1;
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
		flush(e, false);
	health_close(e);
	if (e->flush.source.fd >= 0)
		loop_timer_close(e->loop, &e->flush);
	if (e->tick.source.fd >= 0)
		loop_timer_close(e->loop, &e->tick);
	flows_close(e->loop, &e->flows);
	if (e->walk)
		walk_close(e->walk);
	if (e->live)
		live_close(e->live);
	if (e->changes.dir)
		changes_close(&e->changes);
	if (e->since)
		munmap(e->since, e->dp->cell_count / 2 * sizeof(*e->since));
	if (e->dp)
		dp_close(e->dp);
	closep(&e->state_lock);
	model_clear(&e->model);
	free(e->path);
	free(e);
}
