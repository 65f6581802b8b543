/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PROBE_PROBE_H
#define XRING_DAEMON_PROBE_PROBE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/heap.h"
#include "base/loop.h"
#include "core/model/check.h"
#include "core/value/address.h"
#include "daemon/probe/probes.h"

/* What the checker and the kinds of checks know of a probe. */
struct transfer;

struct probe {
	struct heap_item queued;	/* by when it is due, or under way, when it times out */
	struct checker *checker;
	const struct probe_kind *kind;
	void *engine;			/* what the kind's open() made */
	void *owner;
	struct check how;
	struct address to;
	uint16_t port;
	bool busy;
	uint64_t started_ns;
	int broken;			/* an errno of ours, for which the check cannot end well */
	union {				/* of the kind, while busy */
		struct loop_source connect;
		struct transfer *transfer;
		struct {
			uint16_t sequence;
			uint64_t cookie;
		} echo;
	};
};

/*
 * A way of asking. A check that was started ends by one of the probe_ functions
 * below, perhaps before start() returns, or is stopped: stop() comes once after
 * each start() and lets go of what it took.
 */
struct probe_kind {
	int (*open)(struct loop *loop, void **ret);	/* what all probes of the kind share */
	void (*close)(void *engine);
	void (*start)(struct probe *p);
	void (*stop)(struct probe *p);
	const char *(*phase)(const struct probe *p);	/* may be NULL: " while ..." */
};

extern const struct probe_kind probe_tcp, probe_http, probe_icmp;

/* After any of these p may be gone. */
void probe_end(struct probe *p, enum probe_outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void probe_unable(struct probe *p, int err, const char *hint);	/* hint: "" or ", want ..." */
void probe_refused(struct probe *p, int err);	/* an errno: the backend's, or ours? */

socklen_t probe_sockaddr(const struct probe *p, struct sockaddr_storage *ret);

#endif
