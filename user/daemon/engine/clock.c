// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"
#include "daemon/engine/engine.h"
#include "dp/dp.h"

uint64_t engine_now(const struct engine *e)
{
	return clock_ns() + e->dp->config->clock;
}
