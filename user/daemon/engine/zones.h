/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_ZONES_H
#define XRING_DAEMON_ENGINE_ZONES_H

struct engine;


/* The clocks of the model's regions; they were read once when it was checked. */
void engine_zones(struct engine *e);

#endif
