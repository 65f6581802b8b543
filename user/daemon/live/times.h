/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_TIMES_H
#define XRING_DAEMON_LIVE_TIMES_H

#include <stdbool.h>
#include <stdint.h>

/* When and how the maps are brought to the model. */
struct live_times {
	uint64_t now;				/* ns of the engine's clock */
	bool cut;				/* the change was asked for with --cut: flows are not kept */
};

/* What that took. */
struct live_report {
	bool done;				/* the VIP table is written: all services that did not fail are there */
	uint64_t cells;				/* cells written */
	uint64_t ns;				/* from the start to the last of these writes */
};

#endif
