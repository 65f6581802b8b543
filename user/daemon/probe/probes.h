/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PROBE_PROBES_H
#define XRING_DAEMON_PROBE_PROBES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Asks backends whether they are alive, thousands of them from one thread: each
 * at its interval, each check ended by its timeout, at most one of a backend and
 * CHECKS_AT_ONCE in all under way. What the answers make of a backend's health
 * is the caller's (core/backend/health.h).
 */
#define CHECKS_AT_ONCE 1024

struct address;
struct check;
struct checker;
struct loop;
struct probe_kinds;
struct probe;				/* one backend that is checked */

enum probe_outcome {
	PROBE_BAD,
	PROBE_GOOD,
	PROBE_NOT_CHECKED,		/* the fault is this host's: says nothing of the backend */
};

struct probe_result {
	enum probe_outcome outcome;
	const char *why;		/* HTTP 503, want 200 to 399; until the call returns */
	uint32_t took_us;
};

/*
 * Called from the loop, never from probe_new(). Any probe may be freed or made
 * inside, also p; the checker may not be closed.
 */
typedef void (*probe_done)(void *context, struct probe *p, const struct probe_result *result);

/* The kinds outlive the checker. */
int checker_open(struct loop *loop, const struct probe_kinds *kinds, probe_done done,
		 void *context, struct checker **ret);
void checker_close(struct checker *c);		/* and its probes */

/*
 * port is for a check that has none of its own. Both arguments are copied.
 * -EINVAL: nothing to check, or no port to check it at; -ENOMEM, -EMFILE.
 */
int probe_new(struct checker *c, const struct check *how, const struct address *to,
	      uint16_t port, void *owner, struct probe **ret);
void probe_free(struct probe *p);
void *probe_owner(const struct probe *p);

#endif
