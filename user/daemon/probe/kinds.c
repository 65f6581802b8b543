// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of health checks that there are: a new one is a file here and a row. */
#include "core/model/check.h"
#include "daemon/probe/probe.h"

const struct probe_kind *const probe_kinds[CHECK_KINDS] = {
	[CHECK_TCP] = &probe_tcp,
	[CHECK_HTTP] = &probe_http,
	[CHECK_HTTPS] = &probe_http,
	[CHECK_ICMP] = &probe_icmp,
};
