/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PROBE_KINDS_H
#define XRING_DAEMON_PROBE_KINDS_H

#include <stddef.h>

/* The kinds of health checks, by the word of each in the configuration. */
struct probe_kind;

struct probe_kinds {
	const struct probe_row {
		const char *word;
		const struct probe_kind *kind;
	} *rows;
	size_t count;
};

extern const struct probe_kinds probe_kinds;
extern const struct probe_kinds agent_kinds;	/* that of `agent`, which is no health check */

#endif
