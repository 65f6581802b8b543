/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_ZONES_H
#define XRING_DAEMON_ENGINE_ZONES_H

struct engine;

/*
 * Loads the clocks of the model's regions. They have been read once already, when the model
 * was checked.
 */
void engine_zones(struct engine *e);

#endif
