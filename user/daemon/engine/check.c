// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a model is refused: one table of reasons, in the order in which they are tried. */
#include "daemon/engine/check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <xring/lpm.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/model/guard.h"
#include "core/model/rules.h"
#include "core/model/validate.h"
#include "core/place/routes.h"
#include "daemon/apply/apply.h"
#include "daemon/engine/engine.h"
#include "daemon/live/compile.h"
#include "daemon/net/addresses.h"
#include "daemon/net/nexthop.h"
#include "daemon/starter/starter.h"
#include "dp/dp.h"

/* What is wanted of a backend's address that is new; NULL: it will do. */
static const char *address_want(const struct own_addresses *own, const struct service *s,
				const struct backend *b, const struct service *was)
{
	const struct backend *old = was ? service_backend(was, b->name) : NULL;
	bool is_new = !old || !address_equal(&old->address, &b->address);

	if (is_new && own_address(own, &b->address))
		return WANT_ELSEWHERE;
	if (mode_needs_link(s->mode) && (is_new || !mode_needs_link(was->mode)) &&
	    nexthop_on_link(&b->address) == 0)
		return WANT_ON_LINK;
	return NULL;
}

const struct backend *engine_unfit(const struct model *before, const struct model *m,
				   const struct service **ret_service, const char **ret_want)
{
	const struct backend *found = NULL;
	struct own_addresses own;

	own_addresses(&own);
	for (size_t i = 0; i < m->service_count && !found; i++) {
		const struct service *s = *ret_service = &m->services[i];
		const struct service *was = model_service(before, s->name);

		for (size_t b = 0; b < s->backend_count && !found; b++) {
			*ret_want = address_want(&own, s, &s->backends[b], was);
			found = *ret_want ? &s->backends[b] : NULL;
		}
	}
	own_addresses_clear(&own);
	return found;
}

const struct service *engine_unread(const struct model *before, const struct model *m, int *ret_err)
{
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i], *was = model_service(before, s->name);
		const char *ca = s->check.ca;
		_close_ int fd = -1;

		if (!ca[0] || (was && !strcmp(was->check.ca, ca)))
			continue;
		fd = open(ca, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0)
			continue;
		*ret_err = -errno;
		return s;
	}
	return NULL;
}

/* Does a service that was `was` (NULL: none) run the program of s already? */
static bool runs_already(const struct service *was, const struct service *s)
{
	return was && was->check.kind == CHECK_EXEC && check_runs_same(&was->check, &s->check);
}

/* Why the program of a check cannot be run, in *why; false: it can. */
static bool is_unrun(const struct check *c, struct why *why)
{
	struct stat st;

	if (starter_why())
		why_set(why, 0, "check type exec: %s", starter_why());
	else if (stat(c->program, &st))
		why_set(why, 0, "check program %s: %s", c->program, errno_text(errno));
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		why_set(why, 0, "check program %s: want a file that can be executed", c->program);
	else
		return false;
	return true;
}

const struct service *engine_unrun(const struct model *before, const struct model *m,
				   struct why *why)
{
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		if (s->check.kind == CHECK_EXEC &&
		    !runs_already(model_service(before, s->name), s) && is_unrun(&s->check, why))
			return s;
	}
	return NULL;
}

/* Lines of the prefix tables that the service's networks need, and its homes may need. */
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

/* ---- the reasons ---- */

/* A model that may become the model that runs. */
struct candidate {
	struct engine *engine;
	const struct model *model;
	const struct change *change;
};

static int makes_no_sense(const struct candidate *c, struct why *why)
{
	struct model_error error;
	int err = c->change->validated ? 0 : conf_validate(c->model, &c->engine->model, &error);

	return err ? why_set(why, -EINVAL, "%s", error.why.text) : 0;
}

/* Out of XRING_PLACE_NOBODY - 1 bits: rings that are going still have some. */
#define STRICT_MAX 40

/*
 * Do the rules need more rings, counters or bits than there are, with room for those of the
 * rules before?
 */
static int rules_exceed(const struct model *m, struct why *why)
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
			return why_set(why, -EINVAL, "service %s: its rules make %zu different sets "
				       "of constraints: want at most %d", s->name, strict,
				       STRICT_MAX);
		return why_set(why, -EINVAL, "service %s: the rules make %zu rings and rules: want "
			       "at most %u of all services", s->name, records, XRING_ROUTES / 2);
	}
	return 0;
}

static int places_exceed(const struct candidate *c, struct why *why)
{
	return rules_exceed(c->model, why);
}

/* Refuses what would move every flow of a live service. */
static int flows_move(const struct candidate *c, struct why *why)
{
	const struct model *from = &c->engine->model, *to = c->model;

	if (from->service_count && memcmp(from->hash_key, to->hash_key, HASH_KEY_BYTES))
		return why_set(why, -EINVAL, "another hash_key moves every flow: want --cut");
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

static int all_would_wait(const struct candidate *c, struct why *why)
{
	return live_replies_check(c->engine->live, c->model, engine_now(c->engine), why);
}

static int host_lacks(const struct candidate *c, struct why *why)
{
	const struct service *s;
	const char *want;
	const struct backend *b = engine_unfit(&c->engine->model, c->model, &s, &want);
	char text[ADDRESS_TEXT];

	if (!b)
		return 0;
	return why_set(why, -EINVAL, "address %s of backend %s of service %s: %s",
		       address_print(&b->address, text), b->name, s->name, want);
}

static int authorities_unread(const struct candidate *c, struct why *why)
{
	int err;
	const struct service *s = engine_unread(&c->engine->model, c->model, &err);

	return !s ? 0 : why_set(why, -EINVAL, "service %s: check ca %.200s: %s", s->name,
				s->check.ca, errno_text(err));
}

/*
 * Whoever may use the control socket is trusted with traffic, not with another user's rights: only the
 * operator's file names programs.
 */
static int programs_commanded(const struct candidate *c, struct why *why)
{
	for (size_t i = 0; i < c->model->service_count && !c->change->from_file; i++) {
		const struct service *s = &c->model->services[i];

		if (s->check.kind == CHECK_EXEC &&
		    !runs_already(model_service(&c->engine->model, s->name), s))
			return why_set(why, -EPERM, "service %s: check type exec: want it in xringd's "
				       "configuration file and a reload, as no command names "
				       "programs", s->name);
	}
	return 0;
}

static int programs_unrun(const struct candidate *c, struct why *why)
{
	struct why reason;
	const struct service *s = engine_unrun(&c->engine->model, c->model, &reason);

	return !s ? 0 : why_set(why, -EINVAL, "service %s: %.400s", s->name, reason.text);
}

static int maps_exceed(const struct candidate *c, struct why *why)
{
	return live_check(c->engine->live, c->model, why);
}

/* Is it half a file? */
static int takes_much(const struct candidate *c, struct why *why)
{
	struct why guard;

	if (!c->change->guarded || !model_guard(&c->engine->model, c->model, &guard))
		return 0;
	return why_set(why, -EPERM, "%.200s: want `xring apply --yes`, or reload_guard: false in "
		       "the file", guard.text);
}

/* Reasons that need only the model come before those that need the maps and the kernel. */
static const struct refusal {
	int (*refuses)(const struct candidate *c, struct why *why);
	bool not_if_cut;		/* --cut overrides it: flows may be lost then */
} refusals[] = {
	{ makes_no_sense },
	{ takes_much },
	{ places_exceed },
	{ flows_move, .not_if_cut = true },
	{ all_would_wait, .not_if_cut = true },
	{ host_lacks },
	{ authorities_unread },
	{ programs_commanded },
	{ programs_unrun },
	{ maps_exceed },
};

int engine_check(struct engine *e, const struct model *next, const struct change *change,
		 struct why *why)
{
	struct candidate candidate = { e, next, change };
	int err = why_set(why, 0, "out of memory");	/* the reason where a function gives none */

	for (size_t i = 0; i < ARRAY_SIZE(refusals) && !err; i++)
		if (!refusals[i].not_if_cut || !change->cut)
			err = refusals[i].refuses(&candidate, why);
	return err;
}

int engine_check_alone(const struct model *m, struct why *why)
{
	why_set(why, 0, "out of memory");
	return rules_exceed(m, why) ?: live_check_alone(m, why);
}
