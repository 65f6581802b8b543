// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of health checks that there are: a new one is a file here and a row. */
#include "daemon/probe/kinds.h"

#include "base/util.h"
#include "daemon/probe/probe.h"

static const struct probe_row rows[] = {
	{ "tcp", &probe_tcp },
	{ "http", &probe_http },
	{ "https", &probe_http },
	{ "icmp", &probe_icmp },
};

const struct probe_kinds probe_kinds = { rows, ARRAY_SIZE(rows) };
