// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xring/lpm.h>

#include "conf/conf.h"
#include "core/model/rules.h"
#include "core/model/validate.h"
#include "core/place/routes.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"

const struct backend *engine_off_link(const struct model *before, const struct model *m,
				      const struct service **ret_service)
{
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = *ret_service = &m->services[i];
		const struct service *was = model_service(before, s->name);

		for (size_t b = 0; mode_needs_link(s->mode) && b < s->backend_count; b++) {
			const struct backend *backend = &s->backends[b], *old;

			old = was && mode_needs_link(was->mode) ? service_backend(was, backend->name) :
							    NULL;
			if ((!old || !address_equal(&old->address, &backend->address)) &&
			    nexthop_on_link(&backend->address) == 0)
				return backend;
		}
	}
	return NULL;
}

static int check_links(const struct model *before, const struct model *m, struct why *why)
{
	const struct service *s;
	const struct backend *b = engine_off_link(before, m, &s);
	char text[ADDRESS_TEXT];

	if (!b)
		return 0;
	return why_set(why, -EINVAL, "address %s of backend %s of service %s: " WANT_ON_LINK,
		 address_print(&b->address, text), b->name, s->name);
}

/* What would move every flow is refused on a live service. */
static int check_cut(const struct model *from, const struct model *to, struct why *why)
{
	if (from->service_count && memcmp(from->hash_key, to->hash_key, HASH_KEY_BYTES)) {
		return why_set(why, -EINVAL, "another hash_key moves every flow: want --cut");
	}
	for (size_t i = 0; i < to->service_count; i++) {
		const struct service *now = &to->services[i];
		const struct service *was = model_service(from, now->name);
		char old_key[KEY_TEXT], new_key[KEY_TEXT];

		if (!was || key_equal(&was->key, &now->key))
			continue;
		return why_set(why, -EINVAL, "service %s: key %s instead of %s moves every flow: want --cut",
			 now->name, key_print(&now->key, new_key), key_print(&was->key, old_key));
	}
	return 0;
}

#define HOME_LINES 4u		/* for each home that there may be */

/* Lines of the prefix tables that a service's networks take, and those of homes may. */
static int service_lines(const struct model *m, const struct service *s, uint64_t *ret)
{
	static const struct ingress none[INGRESSES];
	const struct home *home = service_home(s);
	struct targets targets;
	uint32_t lines;
	int err = targets_of(m, s, none, NULL, 0, &targets);

	if (err)
		return err;
	err = targets_lines(&targets, &lines);
	targets_clear(&targets);
	if (!err)
		*ret = lines + (home ? HOME_LINES * home->count : 0);
	return err;
}

/* Are the rules those that there is room for? They are laid out only where they are others. */
static bool same_rules(const struct model *from, const struct model *to)
{
	if (from->region_count != to->region_count)
		return false;
	for (size_t i = 0; i < to->region_count; i++)
		if (!region_equal(&from->regions[i], &to->regions[i]))
			return false;
	for (size_t i = 0; i < to->service_count; i++) {
		const struct service *now = &to->services[i];
		const struct service *was = model_service(from, now->name);

		if (!rules_equal(was ? was->rules : NULL, was ? was->rule_count : 0, now->rules,
				 now->rule_count))
			return false;
	}
	return true;
}

/* Is there room for the networks of all rules? */
static int check_lines(const struct engine *e, const struct model *m, struct why *why)
{
	uint64_t sum = XRING_LINE_ROOTS, lines;

	/* At the start the map has just been made for them. */
	if (e->dp->fresh_fd >= 0 || same_rules(&e->model, m))
		return 0;
	for (size_t i = 0; i < m->service_count; i++) {
		int err = m->services[i].rule_count ? service_lines(m, &m->services[i], &lines) : 0;

		if (err)
			return err;
		sum += m->services[i].rule_count ? lines : 0;
		if (sum <= e->dp->line_count)
			continue;
		return why_set(why, -EINVAL, "service %s: the networks of its clients need %lu MiB of tables, "
			 "there are %u: want a larger limits.networks, or a restart, which makes room "
			 "and moves no flow", m->services[i].name, (sum >> 14) + 1,
			 e->dp->line_count >> 14);
	}
	return 0;
}

#define STRICT_MAX 40		/* of XRING_PLACE_NOBODY - 1 bits: others may be on their way out */

/* Rings, counters and bits of all rules, with room for those before them. */
static int check_routes(const struct model *m, struct why *why)
{
	size_t records = 0, routes, strict;

	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];
		int err = s->rule_count ? routes_count(m, s, &routes, &strict) : 0;

		if (err)
			return err;
		if (!s->rule_count)
			continue;
		records += routes + s->rule_count + 1;
		if (strict <= STRICT_MAX && records <= XRING_ROUTES / 2)
			continue;
		if (strict > STRICT_MAX)
			why_set(why, 0, "service %s: its rules make %zu different sets of "
				 "constraints: want at most %d", s->name, strict,
				 STRICT_MAX);
		else
			return why_set(why, -EINVAL, "service %s: the rules make %zu rings and rules: want "
				 "at most %u of all services", s->name, records, XRING_ROUTES / 2);
	}
	return 0;
}

int engine_lines(const struct model *m, uint32_t *ret)
{
	uint64_t given = XRING_LINE_ROOTS + 2 * (uint64_t)m->limit_networks, need = 0, lines;

	for (size_t i = 0; i < m->service_count; i++) {
		int err = m->services[i].rule_count ? service_lines(m, &m->services[i], &lines) : 0;

		if (err)
			return err;
		need += m->services[i].rule_count ? lines : 0;
	}
	need += need / 2 + XRING_LINE_ROOTS;
	need = need > given ? need : given;
	need = need > XRING_LINES ? need : XRING_LINES;
	*ret = need < XRING_LPM_LINE_MASK ? need : XRING_LPM_LINE_MASK;
	return 0;
}

int engine_check(struct engine *e, const struct model *next, const struct change *change,
		 struct why *why)
{
	struct model_error error;

	if (conf_validate(next, &error)) {
		return why_set(why, -EINVAL, "%s", error.why.text);
	}
	if (check_routes(next, why) || check_lines(e, next, why))
		return -EINVAL;
	return (change->cut ? 0 : check_cut(&e->model, next, why) ?:
			  live_replies_check(e->live, next, engine_now(e), why)) ?:
	       check_links(&e->model, next, why) ?: live_check(e->live, next, why);
}
