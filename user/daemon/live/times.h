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
	bool done;				/* but for services that failed, they are there */
	uint64_t cells;				/* words written */
	uint64_t ns;				/* from the start to the last of them */
};

#endif
