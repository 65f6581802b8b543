// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/model.h"

#include <errno.h>
#include <string.h>

#include <xring/abi.h>

#include "base/array.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/value/name.h"
#include "core/value/number.h"

_Static_assert(NAME_BYTES == XRING_NAME_MAX + 1, "one length of names");

void model_init(struct model *m)
{
	*m = (struct model){
		.flush_interval_ms = FLUSH_INTERVAL_MS,
		.flush_changes = FLUSH_CHANGES,
		.limit_cells = XRING_CELLS,
		.limit_backends = XRING_BACKENDS,
		.limit_fragments = XRING_FRAGMENTS,
		.pins = PINS_DEFAULT,
		.reload_guard = true,
	};
}

void service_init(struct service *s)
{
	*s = (struct service){
		.vnodes = VNODES_DEFAULT,
		.weight_unit = WEIGHT_ONE,
		.drain_ms = DRAIN_MS,
		.tcp_idle_ms = TCP_IDLE_MS,
		.udp_idle_ms = UDP_IDLE_MS,
		.hot = { HOT_FACTOR, HOT_FLOOR, HOT_HOLD_MS, HOT_SHARDS, 1 },
	};
}

struct density service_density(const struct service *s)
{
	return (struct density){ s->vnodes, s->weight_unit };
}

static void service_clear(struct service *s)
{
	free(s->vips);
	free(s->backends);
	rules_free(s->rules, s->rule_count);
	free(s->daylights);
}

void model_clear(struct model *m)
{
	for (size_t i = 0; i < m->service_count; i++)
		service_clear(&m->services[i]);
	free(m->services);
	free(m->interfaces);
	regions_free(m->regions, m->region_count);
	*m = (struct model){ 0 };
}

static int service_copy(const struct service *from, struct service *ret)
{
	struct service s = *from;

	s.vips = array_copy(from->vips, from->vip_count, sizeof(*from->vips));
	s.backends = array_copy(from->backends, from->backend_count, sizeof(*from->backends));
	s.rules = rules_copy(from->rules, from->rule_count);
	if (!s.rules)
		s.rule_count = 0;
	s.daylights = array_copy(from->daylights, from->daylight_count,
				 sizeof(*from->daylights));
	if (!s.vips || !s.backends || !s.rules || !s.daylights) {
		service_clear(&s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

int model_copy(const struct model *from, struct model *ret)
{
	struct model m = *from;

	m.service_count = 0;
	m.interfaces = array_copy(from->interfaces, from->interface_count,
				  sizeof(*from->interfaces));
	m.services = array_copy(NULL, 0, sizeof(*from->services));
	m.regions = regions_copy(from->regions, from->region_count);
	if (!m.regions)
		m.region_count = 0;
	if (!m.interfaces || !m.services || !m.regions)
		goto no_memory;
	for (size_t i = 0; i < from->service_count; i++) {
		struct service *services = array_grow(m.services, i, sizeof(*services));

		if (!services)
			goto no_memory;
		m.services = services;
		if (service_copy(&from->services[i], &services[i]))
			goto no_memory;
		m.service_count++;
	}
	*ret = m;
	return 0;

no_memory:
	model_clear(&m);
	return -ENOMEM;
}

/*
 * Finds a name in a sorted array whose elements begin with their name (regions, services,
 * backends). Returns the index of the first element whose name is not less; *ret_found: its
 * name is equal.
 */
static size_t find(const void *array, size_t count, size_t size, const char *name, bool *ret_found)
{
	size_t low = 0, high = count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp((const char *)array + middle * size, name);

		if (!order)
			*ret_found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

_Static_assert(offsetof(struct service, name) == 0, "find() compares names");
_Static_assert(offsetof(struct backend, name) == 0, "find() compares names");
_Static_assert(offsetof(struct region, name) == 0, "find() compares names");
_Static_assert(PLACE_NAME == NAME_BYTES, "one length of names");

struct interface *model_interface(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->interface_count; i++)
		if (!strcmp(m->interfaces[i].name, name))
			return &m->interfaces[i];
	return NULL;
}

struct region *model_region(const struct model *m, const char *name)
{
	bool found;
	size_t i = find(m->regions, m->region_count, sizeof(*m->regions), name, &found);

	return found ? &m->regions[i] : NULL;
}

struct service *model_service(const struct model *m, const char *name)
{
	bool found;
	size_t i = find(m->services, m->service_count, sizeof(*m->services), name, &found);

	return found ? &m->services[i] : NULL;
}

struct backend *service_backend(const struct service *s, const char *name)
{
	bool found;
	size_t i = find(s->backends, s->backend_count, sizeof(*s->backends), name, &found);

	return found ? &s->backends[i] : NULL;
}

/* Makes a gap of one zeroed element at index i. */
static void array_open(void *array, size_t count, size_t size, size_t i)
{
	char *at = (char *)array + i * size;

	memmove(at + size, at, (count - i) * size);
	memset(at, 0, size);
}

static void array_close(void *array, size_t count, size_t size, size_t i)
{
	char *at = (char *)array + i * size;

	memmove(at, at + size, (count - i - 1) * size);
}

int model_region_add(struct model *m, const char *name, struct region **ret)
{
	struct region *regions;
	bool found;
	size_t i = find(m->regions, m->region_count, sizeof(*regions), name, &found);

	if (found)
		return -EEXIST;
	if (strlen(name) >= PLACE_NAME)
		return -ENAMETOOLONG;
	regions = array_grow(m->regions, m->region_count, sizeof(*regions));
	if (!regions)
		return -ENOMEM;
	m->regions = regions;
	array_open(regions, m->region_count++, sizeof(*regions), i);
	strcpy(regions[i].name, name);
	if (ret)
		*ret = &regions[i];
	return 0;
}

int model_service_add(struct model *m, const char *name, struct service **ret)
{
	struct service *services;
	bool found;
	size_t i = find(m->services, m->service_count, sizeof(*services), name, &found);

	if (found)
		return -EEXIST;
	if (strlen(name) >= NAME_BYTES)
		return -ENAMETOOLONG;
	services = array_grow(m->services, m->service_count, sizeof(*services));
	if (!services)
		return -ENOMEM;
	m->services = services;
	array_open(services, m->service_count++, sizeof(*services), i);
	service_init(&services[i]);
	strcpy(services[i].name, name);
	if (ret)
		*ret = &services[i];
	return 0;
}

int service_backend_add(struct service *s, const char *name, struct backend **ret)
{
	struct backend *backends;
	bool found;
	size_t i = find(s->backends, s->backend_count, sizeof(*backends), name, &found);

	if (found)
		return -EEXIST;
	if (strlen(name) >= NAME_BYTES)
		return -ENAMETOOLONG;
	backends = array_grow(s->backends, s->backend_count, sizeof(*backends));
	if (!backends)
		return -ENOMEM;
	s->backends = backends;
	array_open(backends, s->backend_count++, sizeof(*backends), i);
	strcpy(backends[i].name, name);
	backends[i].weight = WEIGHT_ONE;
	if (ret)
		*ret = &backends[i];
	return 0;
}

struct gue service_gue(const struct model *m, const struct service *s)
{
	return (struct gue){
		.variant = (s->gue.variant ?: m->gue.variant ?: GUE_VARIANT + 1) - 1,
		.port = s->gue.port ?: m->gue.port ?: XRING_GUE_PORT,
	};
}

int service_vip_add(struct service *s, const struct vip *vip)
{
	struct vip *vips;

	for (size_t i = 0; i < s->vip_count; i++)
		if (vip_equal(&s->vips[i], vip))
			return -EEXIST;
	vips = array_grow(s->vips, s->vip_count, sizeof(*vips));
	if (!vips)
		return -ENOMEM;
	s->vips = vips;
	vips[s->vip_count++] = *vip;
	return 0;
}

int model_interface_add(struct model *m, const char *name)
{
	struct interface *interfaces;

	if (model_interface(m, name))
		return -EEXIST;
	if (strlen(name) >= sizeof(interfaces->name))
		return -ENAMETOOLONG;
	interfaces = array_grow(m->interfaces, m->interface_count, sizeof(*interfaces));
	if (!interfaces)
		return -ENOMEM;
	m->interfaces = interfaces;
	interfaces[m->interface_count] = (struct interface){ 0 };
	strcpy(interfaces[m->interface_count++].name, name);
	return 0;
}

void model_interface_remove(struct model *m, const char *name)
{
	struct interface *interface = model_interface(m, name);

	if (interface)
		array_close(m->interfaces, m->interface_count--, sizeof(*interface),
			    (size_t)(interface - m->interfaces));
}

void model_service_remove(struct model *m, const char *name)
{
	struct service *s = model_service(m, name);

	if (!s)
		return;
	service_clear(s);
	array_close(m->services, m->service_count--, sizeof(*s), (size_t)(s - m->services));
}

void service_backend_remove(struct service *s, const char *name)
{
	struct backend *b = service_backend(s, name);

	if (b)
		array_close(s->backends, s->backend_count--, sizeof(*b),
			    (size_t)(b - s->backends));
}

bool backend_equal(const struct backend *a, const struct backend *b)
{
	return !strcmp(a->name, b->name) && address_equal(&a->address, &b->address) &&
	       a->port == b->port && a->weight == b->weight && a->state == b->state &&
	       !strcmp(a->region, b->region) && !strcmp(a->tags, b->tags);
}
