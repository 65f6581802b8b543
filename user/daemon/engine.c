// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/template.h"
#include "core/text.h"
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

/* ---- flushing ---- */

static int flush(struct engine *e)
{
	struct live_report report;
	int err = live_apply(e->live, &e->model, &report);

	e->stats.pending = 0;
	if (err)
		return log_err(err, "the maps could not be brought to the new state");
	if (!e->warned)
		e->warned = warn_forwarding(&e->model);
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
	if (!change->count)	/* nothing that the maps hold */
		return;
	e->stats.asked += change->count;
	e->stats.pending += change->count;
	if (change->now || !e->model.flush_interval_ms ||
	    e->stats.pending >= e->model.flush_changes)
		flush(e);
	else if (!e->flush.set)
		loop_timer_set(&e->flush, e->model.flush_interval_ms);
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
	return (cut ? 0 : check_cut(&e->model, next, why, size)) ?:
	       check_links(&e->model, next, why, size) ?: live_check(e->live, next, why, size);
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

static int begin_with(struct engine *e, struct model *next, const char *text, size_t len)
{
	static const struct model none;
	struct dp_options dp = {
		e->options.bpffs, next->limit_cells, next->limit_backends,
	};
	int err = dp_open(&dp, &e->dp) ?: state_open(e->options.state, &e->state_lock) ?:
		  live_open(e->dp, e->loop, &e->live) ?:
		  loop_timer_new(e->loop, &e->flush, flush_due, e) ?:
		  check_begin(e, next) ?: maps_begin(e) ?:
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
	e->flush.source.fd = e->state_lock = -1;
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
		flush(e);
	if (e->flush.source.fd >= 0)
		loop_timer_close(e->loop, &e->flush);
	if (e->live)
		live_close(e->live);
	if (e->dp)
		dp_close(e->dp);
	closep(&e->state_lock);
	model_clear(&e->model);
	free(e->path);
	free(e);
}
