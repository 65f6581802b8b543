/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_PARTS_H
#define XRING_DAEMON_ENGINE_PARTS_H

struct engine;

/* What the engine's files use of one another; no other folder includes this. */

/* Opens live and the walk, and sets their hooks and the engine's timers. */
int engine_hooks_open(struct engine *e);

/* Tell the listeners. */
void engine_tell_changed(struct engine *e);
void engine_tell_flushed(struct engine *e);

/* The functions of the timers; context is the engine. */
void engine_flush_due(void *context);
void engine_tick_due(void *context);

#endif
