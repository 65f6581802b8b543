// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The three-way merge, one name at a time. Three states of a region, a service or a backend
 * are known: as it runs now, as the file said when it was last loaded, and as the file says
 * now.
 *
 *     loaded  file    the name
 *     -       -       stays as it runs: only commands know it
 *     -       yes     becomes the file's
 *     yes     -       goes
 *     yes     yes     takes the fields in which file differs from loaded; a name
 *                     that a command has removed stays removed
 *
 * Names are sorted in all three models, so one pass meets each name once.
 */
#include "core/model/merge.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/model/setting.h"
#include "core/model/vlans.h"
#include "core/value/prefix_set.h"

/* The rest of a sorted array whose elements begin with their name. */
struct cursor {
	const char *at;
	size_t left;
	size_t size;
};

enum side {
	RUNNING,
	LOADED,
	IN_FILE,
	SIDES,
};

static const char *least_name(const struct cursor sides[SIDES])
{
	const char *least = NULL;

	for (int i = 0; i < SIDES; i++)
		if (sides[i].left && (!least || strcmp(sides[i].at, least) < 0))
			least = sides[i].at;
	return least;
}

/*
 * If the first element has that name, returns it and steps on; NULL: the array does not
 * have the name here.
 */
static const void *cursor_take(struct cursor *c, const char *name)
{
	const char *element = c->at;

	if (!c->left || strcmp(element, name))
		return NULL;
	c->at += c->size;
	c->left--;
	return element;
}

#define CURSOR(array, count) \
	{ .at = (const char *)(array), .left = (count), .size = sizeof(*(array)) }

static bool merge_backend(const struct backend *running, const struct backend *loaded,
			  const struct backend *file, struct backend *ret)
{
	if (!loaded)
		running = loaded = file = file ? file : running;
	if (!running || !file)
		return false;
	*ret = *running;
	if (!address_equal(&loaded->address, &file->address))
		ret->address = file->address;
	if (loaded->port != file->port)
		ret->port = file->port;
	if (loaded->weight != file->weight)
		ret->weight = file->weight;
	if (loaded->state != file->state)
		ret->state = file->state;
	if (strcmp(loaded->region, file->region))
		strcpy(ret->region, file->region);
	if (strcmp(loaded->tags, file->tags))
		strcpy(ret->tags, file->tags);
	return true;
}

static int merge_backends(const struct service *running, const struct service *loaded,
			  const struct service *file, struct service *ret)
{
	struct cursor sides[SIDES] = {
		[RUNNING] = CURSOR(running->backends, running->backend_count),
		[LOADED] = CURSOR(loaded->backends, loaded->backend_count),
		[IN_FILE] = CURSOR(file->backends, file->backend_count),
	};
	const char *name;

	ret->backends = NULL;
	ret->backend_count = 0;
	while ((name = least_name(sides))) {
		const struct backend *r = cursor_take(&sides[RUNNING], name);
		const struct backend *l = cursor_take(&sides[LOADED], name);
		const struct backend *f = cursor_take(&sides[IN_FILE], name);
		struct backend *backends = array_grow(ret->backends, ret->backend_count,
						      sizeof(*backends));

		if (!backends)
			return -ENOMEM;
		ret->backends = backends;
		if (merge_backend(r, l, f, &backends[ret->backend_count]))
			ret->backend_count++;
	}
	return 0;
}

static bool merge_region(const struct region *running, const struct region *loaded,
			 const struct region *file, struct region *ret)
{
	if (!loaded)
		running = loaded = file = file ? file : running;
	if (!running || !file)
		return false;
	*ret = *running;
	if (strcmp(loaded->timezone, file->timezone))
		strcpy(ret->timezone, file->timezone);
	if (!prefix_set_equal(loaded->clients, file->clients))
		ret->clients = file->clients;
	prefix_set_get(ret->clients);
	return true;
}

static int merge_regions(const struct model *running, const struct model *loaded,
			 const struct model *file, struct model *ret)
{
	struct cursor sides[SIDES] = {
		[RUNNING] = CURSOR(running->regions, running->region_count),
		[LOADED] = CURSOR(loaded->regions, loaded->region_count),
		[IN_FILE] = CURSOR(file->regions, file->region_count),
	};
	const char *name;

	while ((name = least_name(sides))) {
		const struct region *r = cursor_take(&sides[RUNNING], name);
		const struct region *l = cursor_take(&sides[LOADED], name);
		const struct region *f = cursor_take(&sides[IN_FILE], name);
		struct region *regions = array_grow(ret->regions, ret->region_count,
						    sizeof(*regions));

		if (!regions)
			return -ENOMEM;
		ret->regions = regions;
		if (merge_region(r, l, f, &regions[ret->region_count]))
			ret->region_count++;
	}
	return 0;
}

bool vips_equal(const struct service *a, const struct service *b)
{
	if (a->vip_count != b->vip_count)
		return false;
	for (size_t i = 0; i < a->vip_count; i++)
		if (!vip_equal(&a->vips[i], &b->vips[i]))
			return false;
	return true;
}

static void merge_settings(const struct service *running, const struct service *loaded,
			   const struct service *file, struct service *ret)
{
	size_t count;
	const struct setting *all = settings_all(&count);

	for (size_t i = 0; i < count; i++)
		setting_copy(&all[i], setting_equal(&all[i], loaded, file) ? running : file, ret);
}

static bool same_rules(const struct service *a, const struct service *b)
{
	return rules_equal(a->rules, a->rule_count, b->rules, b->rule_count);
}

static bool same_daylights(const struct service *a, const struct service *b)
{
	return daylights_equal(a->daylights, a->daylight_count, b->daylights, b->daylight_count);
}

/*
 * The rules are taken as a whole from one side, and so are the schedules: they are ordered
 * lists without names.
 */
static int merge_placement(const struct service *running, const struct service *loaded,
			   const struct service *file, struct service *ret)
{
	const struct service *from = same_rules(loaded, file) ? running : file;

	ret->rules = rules_copy(from->rules, from->rule_count);
	if (!ret->rules)
		return -ENOMEM;
	ret->rule_count = from->rule_count;
	from = same_daylights(loaded, file) ? running : file;
	ret->daylights = array_copy(from->daylights, from->daylight_count,
				    sizeof(*ret->daylights));
	if (!ret->daylights)
		return -ENOMEM;
	ret->daylight_count = from->daylight_count;
	return 0;
}

/* Adds the merged service to m. Services must come in the order of their names. */
static int merge_service(const struct service *running, const struct service *loaded,
			 const struct service *file, struct model *m)
{
	const struct service *vips;
	struct service *s;

	if (!loaded)
		running = loaded = file = file ? file : running;
	if (!running || !file)
		return 0;
	if (model_service_add(m, running->name, &s))
		return -ENOMEM;
	s->mode = loaded->mode != file->mode ? file->mode : running->mode;
	s->key = key_equal(&loaded->key, &file->key) ? running->key : file->key;
	s->vnodes = loaded->vnodes != file->vnodes ? file->vnodes : running->vnodes;
	s->check = check_equal(&loaded->check, &file->check) ? running->check : file->check;
	s->agent = check_equal(&loaded->agent, &file->agent) ? running->agent : file->agent;
	merge_settings(running, loaded, file, s);
	vips = vips_equal(loaded, file) ? running : file;
	s->vips = array_copy(vips->vips, vips->vip_count, sizeof(*s->vips));
	if (!s->vips)
		return -ENOMEM;
	s->vip_count = vips->vip_count;
	return merge_placement(running, loaded, file, s) ?:
	       merge_backends(running, loaded, file, s);
}

static int merge_services(const struct model *running, const struct model *loaded,
			  const struct model *file, struct model *ret)
{
	struct cursor sides[SIDES] = {
		[RUNNING] = CURSOR(running->services, running->service_count),
		[LOADED] = CURSOR(loaded->services, loaded->service_count),
		[IN_FILE] = CURSOR(file->services, file->service_count),
	};
	const char *name;

	while ((name = least_name(sides))) {
		const struct service *r = cursor_take(&sides[RUNNING], name);
		const struct service *l = cursor_take(&sides[LOADED], name);
		const struct service *f = cursor_take(&sides[IN_FILE], name);

		if (merge_service(r, l, f, ret))
			return -ENOMEM;
	}
	return 0;
}

static int add_interface(struct model *m, const struct interface *interface)
{
	if (model_interface_add(m, interface->name))
		return -ENOMEM;
	m->interfaces[m->interface_count - 1] = *interface;
	return 0;
}

/* What the running interface becomes where the file says something else than when it was loaded. */
static struct interface merge_interface(const struct interface *running,
					const struct interface *loaded,
					const struct interface *file)
{
	struct interface ret = *running;

	if (file && (!loaded || strcmp(loaded->region, file->region)))
		memcpy(ret.region, file->region, sizeof(ret.region));
	if (file && (!loaded || loaded->any_mac != file->any_mac))
		ret.any_mac = file->any_mac;
	if (file && (!loaded || !vlans_equal(loaded, file))) {
		ret.all_vlans = file->all_vlans;
		ret.vlan_count = file->vlan_count;
		memcpy(ret.vlans, file->vlans, sizeof(ret.vlans));
	}
	if (file && (!loaded || loaded->no_program != file->no_program))
		ret.no_program = file->no_program;
	return ret;
}

/* The running interfaces keep their order; those that the file adds come after them. */
static int merge_interfaces(const struct model *running, const struct model *loaded,
			    const struct model *file, struct model *ret)
{
	int err = 0;

	for (size_t i = 0; i < running->interface_count && !err; i++) {
		const struct interface *r = &running->interfaces[i];
		const struct interface *l = model_interface(loaded, r->name);
		const struct interface *f = model_interface(file, r->name);
		struct interface merged = merge_interface(r, l, f);

		if (f || !l)
			err = add_interface(ret, &merged);
	}
	for (size_t i = 0; i < file->interface_count && !err; i++) {
		const struct interface *f = &file->interfaces[i];

		if (!model_interface(loaded, f->name) && !model_interface(running, f->name))
			err = add_interface(ret, f);
	}
	return err;
}

static void merge_numbers(const struct model *running, const struct model *loaded,
			  const struct model *file, struct model *ret)
{
	const struct model *from;

	from = memcmp(loaded->hash_key, file->hash_key, HASH_KEY_BYTES) ? file : running;
	memcpy(ret->hash_key, from->hash_key, HASH_KEY_BYTES);
	from = loaded->flush_interval_ms != file->flush_interval_ms ? file : running;
	ret->flush_interval_ms = from->flush_interval_ms;
	from = loaded->flush_changes != file->flush_changes ? file : running;
	ret->flush_changes = from->flush_changes;
	from = loaded->limit_cells != file->limit_cells ? file : running;
	ret->limit_cells = from->limit_cells;
	from = loaded->limit_backends != file->limit_backends ? file : running;
	ret->limit_backends = from->limit_backends;
	from = loaded->limit_networks != file->limit_networks ? file : running;
	ret->limit_networks = from->limit_networks;
	from = loaded->limit_fragments != file->limit_fragments ? file : running;
	ret->limit_fragments = from->limit_fragments;
	from = loaded->pins != file->pins ? file : running;
	ret->pins = from->pins;
	from = loaded->reload_guard != file->reload_guard ? file : running;
	ret->reload_guard = from->reload_guard;
	from = loaded->tunnel_source != file->tunnel_source ? file : running;
	ret->tunnel_source = from->tunnel_source;
	from = loaded->gue.variant != file->gue.variant ? file : running;
	ret->gue.variant = from->gue.variant;
	from = loaded->gue.port != file->gue.port ? file : running;
	ret->gue.port = from->gue.port;
	from = loaded->echo_passes != file->echo_passes ? file : running;
	ret->echo_passes = from->echo_passes;
}

int model_merge(struct model *running, const struct model *loaded, const struct model *file)
{
	struct model m;

	model_init(&m);
	merge_numbers(running, loaded, file, &m);
	if (merge_interfaces(running, loaded, file, &m) ||
	    merge_regions(running, loaded, file, &m) ||
	    merge_services(running, loaded, file, &m)) {
		model_clear(&m);
		return -ENOMEM;
	}
	model_clear(running);
	*running = m;
	return 0;
}

static bool settings_equal(const struct service *a, const struct service *b)
{
	size_t count;
	const struct setting *all = settings_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!setting_equal(&all[i], a, b))
			return false;
	return true;
}

bool service_same_but_backends(const struct service *a, const struct service *b)
{
	return !strcmp(a->name, b->name) && a->mode == b->mode && key_equal(&a->key, &b->key) &&
	       a->vnodes == b->vnodes && settings_equal(a, b) &&
	       check_equal(&a->check, &b->check) && check_equal(&a->agent, &b->agent) &&
	       vips_equal(a, b) && same_rules(a, b) &&
	       same_daylights(a, b);
}

static bool service_equal(const struct service *a, const struct service *b)
{
	if (!service_same_but_backends(a, b) || a->backend_count != b->backend_count)
		return false;
	for (size_t i = 0; i < a->backend_count; i++)
		if (!backend_equal(&a->backends[i], &b->backends[i]))
			return false;
	return true;
}

bool model_equal(const struct model *a, const struct model *b)
{
	if (memcmp(a->hash_key, b->hash_key, HASH_KEY_BYTES) ||
	    a->flush_interval_ms != b->flush_interval_ms ||
	    a->flush_changes != b->flush_changes || a->limit_cells != b->limit_cells ||
	    a->limit_backends != b->limit_backends || a->limit_networks != b->limit_networks ||
	    a->limit_fragments != b->limit_fragments ||
	    a->pins != b->pins || a->reload_guard != b->reload_guard ||
	    a->tunnel_source != b->tunnel_source || a->gue.variant != b->gue.variant ||
	    a->gue.port != b->gue.port || a->echo_passes != b->echo_passes ||
	    a->interface_count != b->interface_count || a->region_count != b->region_count ||
	    a->service_count != b->service_count)
		return false;
	for (size_t i = 0; i < a->interface_count; i++)
		if (strcmp(a->interfaces[i].name, b->interfaces[i].name) ||
		    strcmp(a->interfaces[i].region, b->interfaces[i].region) ||
		    a->interfaces[i].any_mac != b->interfaces[i].any_mac ||
		    a->interfaces[i].no_program != b->interfaces[i].no_program ||
		    !vlans_equal(&a->interfaces[i], &b->interfaces[i]))
			return false;
	for (size_t i = 0; i < a->region_count; i++)
		if (!region_equal(&a->regions[i], &b->regions[i]))
			return false;
	for (size_t i = 0; i < a->service_count; i++)
		if (!service_equal(&a->services[i], &b->services[i]))
			return false;
	return true;
}
