// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "conf/conf.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/model/validate.h"
#include "core/time/schedule.h"
#include "core/value/number.h"
#include "core/value/prefix_set.h"

static void service_draft_clear(struct service_draft *s)
{
	free(s->service.vips);
	rules_free(s->service.rules, s->service.rule_count);
	free(s->service.daylights);
	free(s->vips);
	free(s->rules);
	free(s->daylights);
	free(s->backends);
}

void conf_locations_free(struct conf_locations *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < places->service_count; i++)
		service_draft_clear(&places->services[i]);
	for (size_t i = 0; i < places->region_count; i++)
		prefix_set_put(places->regions[i].region.clients);
	free(places->interfaces);
	free(places->services);
	free(places->regions);
	free(places->name);
	free(places);
}

struct service_draft *drafts_add(struct conf_locations *drafts, const char *name,
				 struct location at)
{
	struct service_draft *services = array_grow(drafts->services, drafts->service_count,
						    sizeof(*services));
	struct service_draft *s;

	if (!services)
		return NULL;
	drafts->services = services;
	s = &services[drafts->service_count++];
	*s = (struct service_draft){ .at = at };
	service_init(&s->service);
	strcpy(s->service.name, name);
	return s;
}

struct backend_draft *draft_backend_add(struct service_draft *s, const char *name,
					struct location at)
{
	struct backend_draft *backends = array_grow(s->backends, s->backend_count,
						    sizeof(*backends));
	struct backend_draft *b;

	if (!backends)
		return NULL;
	s->backends = backends;
	b = &backends[s->backend_count++];
	*b = (struct backend_draft){ .backend.weight = WEIGHT_ONE, .at = at };
	strcpy(b->backend.name, name);
	return b;
}

int draft_vip_add(struct service_draft *s, const struct vip *vip, struct location at)
{
	struct vip *vips = array_grow(s->service.vips, s->service.vip_count, sizeof(*vips));
	struct location *places;

	if (!vips)
		return -ENOMEM;
	s->service.vips = vips;
	places = array_grow(s->vips, s->service.vip_count, sizeof(*places));
	if (!places)
		return -ENOMEM;
	s->vips = places;
	places[s->service.vip_count] = at;
	vips[s->service.vip_count++] = *vip;
	return 0;
}

int draft_interface_add(struct conf_locations *drafts, size_t count, struct location region)
{
	struct location *interfaces = array_grow(drafts->interfaces, count, sizeof(*interfaces));

	if (!interfaces)
		return -ENOMEM;
	drafts->interfaces = interfaces;
	interfaces[count] = region;
	return 0;
}

struct region_draft *draft_region_add(struct conf_locations *drafts, const char *name,
				      struct location at)
{
	struct region_draft *regions = array_grow(drafts->regions, drafts->region_count,
						  sizeof(*regions));
	struct region_draft *region;

	if (!regions)
		return NULL;
	drafts->regions = regions;
	region = &regions[drafts->region_count++];
	*region = (struct region_draft){ .at = at };
	strcpy(region->region.name, name);
	return region;
}

struct rule *draft_rule_add(struct service_draft *s, struct location at,
			    struct rule_locations **ret_places)
{
	size_t count = s->service.rule_count;
	struct rule_locations *places = array_grow(s->rules, count, sizeof(*places));
	struct rule *rules;

	if (!places)
		return NULL;
	s->rules = places;
	rules = array_grow(s->service.rules, count, sizeof(*rules));
	if (!rules)
		return NULL;
	s->service.rules = rules;
	s->service.rule_count++;
	places[count] = (struct rule_locations){ .at = at };
	rules[count] = (struct rule){ .threshold = THRESHOLD_DEFAULT };
	*ret_places = &places[count];
	return &rules[count];
}

struct daylight *draft_daylight_add(struct service_draft *s, struct location at,
				    struct daylight_locations **ret_places)
{
	size_t count = s->service.daylight_count;
	struct daylight_locations *places = array_grow(s->daylights, count, sizeof(*places));
	struct daylight *daylights;

	if (!places)
		return NULL;
	s->daylights = places;
	daylights = array_grow(s->service.daylights, count, sizeof(*daylights));
	if (!daylights)
		return NULL;
	s->service.daylights = daylights;
	s->service.daylight_count++;
	places[count] = (struct daylight_locations){ .at = at };
	daylights[count] = (struct daylight){ .entry.days = SCHEDULE_DAYS };
	*ret_places = &places[count];
	return &daylights[count];
}

static int by_location(const struct location *a, const struct location *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

static int by_service(const void *left, const void *right)
{
	const struct service_draft *a = left, *b = right;
	int order = strcmp(a->service.name, b->service.name);

	return order ? order : by_location(&a->at, &b->at);
}

static int by_backend(const void *left, const void *right)
{
	const struct backend_draft *a = left, *b = right;
	int order = strcmp(a->backend.name, b->backend.name);

	return order ? order : by_location(&a->at, &b->at);
}

static int by_region(const void *left, const void *right)
{
	const struct region_draft *a = left, *b = right;
	int order = strcmp(a->region.name, b->region.name);

	return order ? order : by_location(&a->at, &b->at);
}

static int regions_finish(struct conf_locations *drafts, struct model *m, struct why *err)
{
	if (drafts->regions)
		qsort(drafts->regions, drafts->region_count, sizeof(*drafts->regions), by_region);
	for (size_t i = 0; i < drafts->region_count; i++) {
		struct region_draft *draft = &drafts->regions[i];
		struct region *region;
		int failed = model_region_add(m, draft->region.name, &region);

		if (failed == -EEXIST)
			return location_fail(err, drafts->name, draft->at,
					  "region %s: want it once, line %d has it",
					  draft->region.name, draft[-1].at.line);
		if (failed)
			return conf_no_memory(err, drafts->name);
		*region = draft->region;
		draft->region.clients = NULL;
	}
	return 0;
}

static int backends_finish(const struct conf_locations *drafts, struct service_draft *s,
			   struct service *ret, struct why *err)
{
	if (s->backends)
		qsort(s->backends, s->backend_count, sizeof(*s->backends), by_backend);
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend_draft *draft = &s->backends[i];
		struct backend *b;
		int failed = service_backend_add(ret, draft->backend.name, &b);

		if (failed == -EEXIST)
			return location_fail(err, drafts->name, draft->at,
					  "backend %s: want it once, line %d has it",
					  draft->backend.name, draft[-1].at.line);
		if (failed)
			return conf_no_memory(err, drafts->name);
		*b = draft->backend;
	}
	return 0;
}

static int service_finish(const struct conf_locations *drafts, struct service_draft *draft,
			  struct model *m, struct why *err)
{
	struct service *s;
	int failed = model_service_add(m, draft->service.name, &s);

	if (failed == -EEXIST)
		return location_fail(err, drafts->name, draft->at,
				  "service %s: want it once, line %d has it",
				  draft->service.name, draft[-1].at.line);
	if (failed)
		return conf_no_memory(err, drafts->name);
	*s = draft->service;
	draft->service.vips = NULL;
	draft->service.rules = NULL;
	draft->service.rule_count = 0;
	draft->service.daylights = NULL;
	draft->service.daylight_count = 0;
	return backends_finish(drafts, draft, s, err);
}

/*
 * Compares a name with a draft. All kinds of drafts begin with their name and have been
 * sorted by name by now.
 */
static int by_name(const void *name, const void *draft)
{
	return strcmp(name, draft);
}

static const struct service_draft *find_service(const struct conf_locations *places,
						const char *name)
{
	if (!places->services)
		return NULL;
	return bsearch(name, places->services, places->service_count, sizeof(*places->services),
		       by_name);
}

static const struct backend_draft *find_backend(const struct service_draft *s, const char *name)
{
	if (!s->backends)
		return NULL;
	return bsearch(name, s->backends, s->backend_count, sizeof(*s->backends), by_name);
}

_Static_assert(offsetof(struct region_draft, region.name) == 0, "by_name() compares names");
_Static_assert(offsetof(struct service_draft, service.name) == 0, "by_name() compares names");
_Static_assert(offsetof(struct backend_draft, backend.name) == 0, "by_name() compares names");

static struct location region_location(const struct conf_locations *drafts,
				       const struct model_error *e)
{
	const struct region_draft *region = bsearch(e->region->name, drafts->regions,
						    drafts->region_count,
						    sizeof(*drafts->regions), by_name);

	return e->at == PART_REGION_TIMEZONE && region->timezone.line ? region->timezone :
									region->at;
}

static struct location rule_location(const struct rule_locations *rule, const struct model_error *e)
{
	switch (e->at) {
	case PART_RULE_CLIENTS:
		return rule->clients;
	case PART_RULE_CONSTRAINT:
		return rule->constraints[e->item];
	case PART_RULE_PREFERENCE:
		return rule->preferences[e->item];
	case PART_RULE_STRATEGY:
		return rule->strategy;
	default:
		return rule->at;
	}
}

/*
 * The location of a model's error. The model was made from these drafts, so that each name
 * is found.
 */
static struct location error_location(const struct conf_locations *drafts,
				      const struct model_error *e)
{
	const struct service_draft *s;
	const struct backend_draft *b;

	if (e->region)
		return region_location(drafts, e);
	if (e->at == PART_INTERFACE_REGION)
		return drafts->interfaces[e->index];
	s = find_service(drafts, e->service->name);
	b = e->backend ? find_backend(s, e->backend->name) : NULL;
	switch (e->at) {
	case PART_VIP:
		return s->vips[e->index];
	case PART_CHECK:
		return s->check;
	case PART_BACKEND_ADDRESS:
		return b->address;
	case PART_BACKEND_PORT:
		return b->port;
	case PART_BACKEND:
		return b->at;
	case PART_BACKEND_REGION:
		return b->region;
	case PART_RULE:
	case PART_RULE_CLIENTS:
	case PART_RULE_CONSTRAINT:
	case PART_RULE_PREFERENCE:
	case PART_RULE_STRATEGY:
		return rule_location(&s->rules[e->index], e);
	case PART_DAYLIGHT:
		return s->daylights[e->index].at;
	case PART_DAYLIGHT_REGION:
		return s->daylights[e->index].region;
	case PART_SERVICE:
	case PART_REGION:
	case PART_REGION_TIMEZONE:
	case PART_INTERFACE_REGION:
		break;
	}
	return s->at;
}

int drafts_finish(struct conf_locations *drafts, struct model *m, struct why *err)
{
	int failed = regions_finish(drafts, m, err);

	if (drafts->services)
		qsort(drafts->services, drafts->service_count, sizeof(*drafts->services),
		      by_service);
	for (size_t i = 0; i < drafts->service_count && !failed; i++)
		failed = service_finish(drafts, &drafts->services[i], m, err);
	return failed;
}

int drafts_check(const struct conf_locations *drafts, const struct model *m,
		 const struct model *before, struct why *err)
{
	struct model_error wrong;
	int failed = conf_validate(m, before, &wrong);

	if (failed == -ENOMEM)
		return conf_no_memory(err, drafts->name);
	if (failed)
		return location_fail(err, drafts->name, error_location(drafts, &wrong), "%s",
				  wrong.why.text);
	return 0;
}

const char *conf_location(const struct conf_locations *places, const char *service,
		       const char *backend, char *buf, size_t size)
{
	const struct service_draft *s = find_service(places, service);
	const struct backend_draft *b = s && backend ? find_backend(s, backend) : NULL;
	struct location at = { 0 };

	if (b)
		at = b->address;
	else if (s)
		at = s->at;
	return location_print(places->name, at, buf, size);
}
