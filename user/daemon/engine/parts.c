// SPDX-License-Identifier: GPL-2.0-or-later
/* What all files of the engine use: its time, and whom it tells. */
#include "daemon/engine/parts.h"

#include "base/clock.h"
#include "daemon/engine/engine.h"
#include "dp/dp.h"

uint64_t engine_now(const struct engine *e)
{
	return clock_ns() + e->dp->config->clock;
}

/* Listeners are told in the order in which they were added. */
void engine_listen(struct engine *e, struct engine_listener *listener)
{
	struct engine_listener **end = &e->listeners;

	while (*end)
		end = &(*end)->next;
	listener->next = NULL;
	*end = listener;
}

void engine_tell_changed(struct engine *e)
{
	for (struct engine_listener *l = e->listeners; l; l = l->next)
		if (l->changed)
			l->changed(l->context);
}

void engine_attaching(struct engine *e)
{
	for (struct engine_listener *l = e->listeners; l; l = l->next)
		if (l->attaching)
			l->attaching(l->context);
}

void engine_tell_flushed(struct engine *e)
{
	for (struct engine_listener *l = e->listeners; l; l = l->next)
		if (l->flushed)
			l->flushed(l->context);
}
