// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of the kinds of health checks: a new kind is a file here and a row. */
#include "daemon/probe/kinds.h"

#include "base/util.h"
#include "daemon/probe/probe.h"

static const struct probe_row rows[] = {
	{ "tcp", &probe_tcp },
	{ "http", &probe_http },
	{ "https", &probe_http },
	{ "icmp", &probe_icmp },
	{ "exec", &probe_exec },
};

const struct probe_kinds probe_kinds = { rows, ARRAY_SIZE(rows) };

static const struct probe_row agents[] = {
	{ "agent", &probe_agent },
};

const struct probe_kinds agent_kinds = { agents, ARRAY_SIZE(agents) };
