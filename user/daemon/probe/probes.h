/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PROBE_PROBES_H
#define XRING_DAEMON_PROBE_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value/address.h"

/*
 * Probes backends, thousands of them from one thread: each at its interval, each probe ended
 * by its timeout, at most one at a time for a backend and CHECKS_AT_ONCE in all. The caller
 * decides what a result does to a backend's health (core/backend/health.h).
 */
#define CHECKS_AT_ONCE 1024

struct check;
struct checker;
struct loop;
struct probe_kinds;
struct probe;				/* a backend with a health check */

enum probe_outcome {
	PROBE_BAD,
	PROBE_GOOD,
	/* A fault of this host, which says nothing of the backend. */
	PROBE_NOT_CHECKED,
};

struct probe_result {
	enum probe_outcome outcome;
	const char *why;		/* as "HTTP 503, want 200 to 399"; valid during the call */
	uint32_t took_us;
	bool extra;			/* the probe was asked for by probe_extra() */
};

/*
 * The checker calls this from the loop, never from probe_new(). The function may free and
 * make any probe, also p; it must not close the checker.
 */
typedef void (*probe_done)(void *context, struct probe *p, const struct probe_result *result);

/* How a probe's packets go, if not as the host's routes say; and what it is for. */
struct probe_way {
	uint32_t mark;			/* of the socket; 0: none */
	struct address backend;		/* the source is that by which this host would speak to it */
	/* Whom a program is told that it checks; they must live as long as the probe. NULL: nobody. */
	const char *service, *name;
};

/* The table of kinds must live longer than the checker. */
int checker_open(struct loop *loop, const struct probe_kinds *kinds, probe_done done,
		 void *context, struct checker **ret);
void checker_close(struct checker *c);		/* frees its probes, too */

/*
 * port: where to check, unless the check has its own port. way: may be NULL. All are copied.
 * -EINVAL: no kind of check, or no port; -ENOMEM, -EMFILE.
 */
int probe_new(struct checker *c, const struct check *how, const struct address *to,
	      uint16_t port, const struct probe_way *way, void *owner, struct probe **ret);
void probe_free(struct probe *p);
/* Probes once more now, unless a probe is under way; those of its interval stay when they are due. */
void probe_extra(struct probe *p);
void *probe_owner(const struct probe *p);

#endif
