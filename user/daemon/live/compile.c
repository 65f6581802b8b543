// SPDX-License-Identifier: GPL-2.0-or-later
/* When the rules of a service are compiled: ahead of the flush by a check, or in the flush. */
#include "daemon/live/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/model/model.h"
#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"

static struct compile_input input_of(const struct ingress *ingresses,
				     const struct live_service *ls)
{
	return (struct compile_input){
		.ingresses = ingresses,
		.homes = ls ? ls->homes : NULL,
		.home_count = ls ? ls->home_count : 0,
		.homes_serial = ls ? ls->homes_serial : 0,
	};
}

static struct compiled_ahead *ahead_of(const struct live *live, const char *name)
{
	for (size_t i = 0; i < live->ahead_count; i++)
		if (!strcmp(live->ahead[i].name, name))
			return &live->ahead[i];
	return NULL;
}

static struct compiled_ahead *ahead_get(struct live *live, const char *name)
{
	struct compiled_ahead *one = ahead_of(live, name), *list;

	if (one)
		return one;
	list = array_grow(live->ahead, live->ahead_count, sizeof(*list));
	if (!list)
		return NULL;
	live->ahead = list;
	one = &list[live->ahead_count++];
	*one = (struct compiled_ahead){};
	snprintf(one->name, sizeof(one->name), "%s", name);
	return one;
}

bool live_rules_many(const struct live *live, const struct model *m, const struct service *s)
{
	struct ingress ingresses[INGRESSES];

	memcpy(ingresses, live->ingresses, sizeof(ingresses));
	ingresses_set(ingresses, m);
	return rules_many(m, s, ingresses);
}

int live_targets(struct live *live, const struct model *m, const struct service *s,
		 const struct targets **ret)
{
	const struct live_service *ls = live_service(live, s->name);
	struct ingress ingresses[INGRESSES];
	struct compile_input input = input_of(ingresses, ls);
	struct compiled_ahead *one;
	int err = 0;

	memcpy(ingresses, live->ingresses, sizeof(ingresses));
	ingresses_set(ingresses, m);
	if (ls && ls->classes && compiled_is_of(&ls->classes->compiled, m, s, &input)) {
		*ret = &ls->classes->compiled.targets;
		return 0;
	}
	one = ahead_get(live, s->name);
	if (!one)
		return -ENOMEM;
	if (!compiled_is_of(&one->compiled, m, s, &input)) {
		compiled_clear(&one->compiled);
		err = compiled_new(m, s, &input, &one->compiled);
	}
	*ret = &one->compiled.targets;
	return err;
}

void live_ahead_clear(struct live *live)
{
	for (size_t i = 0; i < live->ahead_count; i++)
		compiled_clear(&live->ahead[i].compiled);
	free(live->ahead);
	live->ahead = NULL;
	live->ahead_count = 0;
}

int live_compile(struct live *live, const struct live_service *ls, const struct model *m,
		 const struct service *s, struct compiled *c, bool *ret_new)
{
	struct compile_input input = input_of(live->ingresses, ls);
	struct compiled_ahead *ahead = ahead_of(live, s->name);
	struct compiled fresh;
	int err;

	*ret_new = !compiled_is_of(c, m, s, &input);
	if (!*ret_new)
		return 0;
	if (ahead && compiled_is_of(&ahead->compiled, m, s, &input)) {
		fresh = ahead->compiled;
		ahead->compiled = (struct compiled){};
	} else {
		err = compiled_new(m, s, &input, &fresh);
		if (err)
			return err;
	}
	compiled_clear(c);
	*c = fresh;
	return 0;
}
