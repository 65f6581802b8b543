/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_PARTS_H
#define XRING_DAEMON_ENGINE_PARTS_H

struct engine;


/* What the engine's files have of one another; nobody else includes this. */

/* What drives the maps, and what it tells us. */
int engine_hooks_open(struct engine *e);

/* The listeners are told. */
void engine_tell_changed(struct engine *e);
void engine_tell_flushed(struct engine *e);

/* The timers' functions; context is the engine. */
void engine_flush_due(void *context);
void engine_tick_due(void *context);

#endif
