/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PROBE_SHARERS_H
#define XRING_DAEMON_PROBE_SHARERS_H

#include <stdint.h>

#include "daemon/probe/probes.h"

/*
 * Backends of several services that stand at one address and port and are checked alike share one
 * probe: each sharer hears of each result. Counts of results (rise, fall) are the sharers' own.
 */
struct sharer;				/* one that wants the results of a probe */
struct sharers;				/* all of them, with their checker */

/* Called from the loop. The function may free and make any sharer. */
typedef void (*sharer_told)(void *context, void *owner, const struct probe_result *result);

int sharers_open(struct loop *loop, const struct probe_kinds *kinds, sharer_told told,
		 void *context, struct sharers **ret);
void sharers_close(struct sharers *s);	/* frees its sharers, too */

/*
 * As probe_new(); what is for somebody (way->name) is not shared with others. Where the probe exists already, the new sharer has its first result as soon as
 * with a probe of its own, and for the others nothing changes.
 */
int sharer_new(struct sharers *s, const struct check *how, const struct address *to,
	       uint16_t port, const struct probe_way *way, void *owner, struct sharer **ret);
void sharer_free(struct sharer *sharer);

#endif
