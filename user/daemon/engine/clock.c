// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/model/text.h"
#include "daemon/engine/parts.h"
#include "daemon/watch/health.h"
#include "daemon/live/classes.h"
#include "daemon/live/hot_keys.h"
#include "daemon/engine/state.h"

uint64_t engine_now(const struct engine *e)
{
	return clock_ns() + e->dp->config->clock;
}
