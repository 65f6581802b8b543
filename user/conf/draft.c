// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"
#include "conf/draft.h"

static void service_draft_clear(struct service_draft *s)
{
	free(s->service.vips);
	free(s->vips);
	free(s->backends);
}

void conf_places_free(struct conf_places *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < places->service_count; i++)
		service_draft_clear(&places->services[i]);
	free(places->services);
	free(places->name);
	free(places);
}

struct service_draft *drafts_add(struct conf_places *drafts, const char *name, struct place at)
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
					struct place at)
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

int draft_vip_add(struct service_draft *s, const struct vip *vip, struct place at)
{
	struct vip *vips = array_grow(s->service.vips, s->service.vip_count, sizeof(*vips));
	struct place *places;

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

static int by_place(const struct place *a, const struct place *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

static int by_service(const void *left, const void *right)
{
	const struct service_draft *a = left, *b = right;
	int order = strcmp(a->service.name, b->service.name);

	return order ? order : by_place(&a->at, &b->at);
}

static int by_backend(const void *left, const void *right)
{
	const struct backend_draft *a = left, *b = right;
	int order = strcmp(a->backend.name, b->backend.name);

	return order ? order : by_place(&a->at, &b->at);
}

static int backends_finish(const struct conf_places *drafts, struct service_draft *s,
			   struct service *ret, struct conf_error *err)
{
	if (s->backends)
		qsort(s->backends, s->backend_count, sizeof(*s->backends), by_backend);
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend_draft *draft = &s->backends[i];
		struct backend *b;
		int failed = service_backend_add(ret, draft->backend.name, &b);

		if (failed == -EEXIST)
			return place_fail(err, drafts->name, draft->at,
					  "backend %s: want it once, line %d has it",
					  draft->backend.name, draft[-1].at.line);
		if (failed)
			return conf_no_memory(err, drafts->name);
		*b = draft->backend;
	}
	return 0;
}

static int service_finish(const struct conf_places *drafts, struct service_draft *draft,
			  struct model *m, struct conf_error *err)
{
	struct service *s;
	int failed = model_service_add(m, draft->service.name, &s);

	if (failed == -EEXIST)
		return place_fail(err, drafts->name, draft->at,
				  "service %s: want it once, line %d has it",
				  draft->service.name, draft[-1].at.line);
	if (failed)
		return conf_no_memory(err, drafts->name);
	*s = draft->service;
	draft->service.vips = NULL;
	return backends_finish(drafts, draft, s, err);
}

/* Drafts of either kind start with their name, and are sorted by it by now. */
static int by_name(const void *name, const void *draft)
{
	return strcmp(name, draft);
}

static const struct service_draft *find_service(const struct conf_places *places, const char *name)
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

_Static_assert(offsetof(struct service_draft, service.name) == 0, "by_name() compares names");
_Static_assert(offsetof(struct backend_draft, backend.name) == 0, "by_name() compares names");

/* Both were made of one another, so that the names are there. */
static struct place error_place(const struct conf_places *drafts, const struct model_error *e)
{
	const struct service_draft *s = find_service(drafts, e->service->name);
	const struct backend_draft *b = NULL;

	if (e->backend)
		b = find_backend(s, e->backend->name);
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
	case PART_SERVICE:
		break;
	}
	return s->at;
}

int drafts_finish(struct conf_places *drafts, struct model *m, struct conf_error *err)
{
	struct model_error wrong;
	int failed = 0;

	if (drafts->services)
		qsort(drafts->services, drafts->service_count, sizeof(*drafts->services),
		      by_service);
	for (size_t i = 0; i < drafts->service_count && !failed; i++)
		failed = service_finish(drafts, &drafts->services[i], m, err);
	if (failed)
		return failed;
	failed = model_check(m, &wrong);
	if (failed == -ENOMEM)
		return conf_no_memory(err, drafts->name);
	if (failed)
		return place_fail(err, drafts->name, error_place(drafts, &wrong), "%s",
				  wrong.message);
	return 0;
}

const char *conf_place(const struct conf_places *places, const char *service,
		       const char *backend, char *buf, size_t size)
{
	const struct service_draft *s = find_service(places, service);
	const struct backend_draft *b = s && backend ? find_backend(s, backend) : NULL;
	struct place at = { 0 };

	if (b)
		at = b->address;
	else if (s)
		at = s->at;
	return place_print(places->name, at, buf, size);
}
