// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/guard.h"

#include <errno.h>

#include "base/why.h"
#include "core/model/model.h"

static size_t backends_lost(const struct service *running, const struct service *next)
{
	size_t lost = 0;

	for (size_t i = 0; i < running->backend_count; i++)
		lost += !service_backend(next, running->backends[i].name);
	return lost;
}

int model_guard(const struct model *running, const struct model *next, struct why *why)
{
	size_t stay = 0;

	if (!next->reload_guard)
		return 0;
	for (size_t i = 0; i < running->service_count; i++) {
		const struct service *was = &running->services[i];
		const struct service *now = model_service(next, was->name);
		size_t lost = now ? backends_lost(was, now) : 0;

		stay += !!now;
		if (2 * lost > was->backend_count)
			return why_set(why, -EPERM, "service %s would lose %zu of its %zu backends",
				       was->name, lost, was->backend_count);
	}
	if (running->service_count && !stay)
		return why_set(why, -EPERM, "all services would go, which are %zu",
			       running->service_count);
	return 0;
}
