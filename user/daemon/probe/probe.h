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

/* A probe, as probes.c and the kinds see it. */
struct talk;
struct transfer;

struct probe {
	struct heap_item queued;	/* ordered by time: due, or, while busy, timing out */
	struct checker *checker;
	const struct probe_kind *kind;
	void *engine;			/* what the kind's open() returned */
	void *owner;			/* the caller's */
	struct check how;
	struct address to;
	uint16_t port;
	struct probe_way way;
	bool busy;			/* a probe is under way */
	uint64_t started_ns;
	uint64_t planned_ns;		/* an extra probe: when the next one is due; else 0 */
	int broken;			/* errno of a fault of this host; 0: none */
	union {				/* the kind's own, while busy */
		struct loop_source connect;
		struct transfer *transfer;
		struct talk *talk;
		struct {
			uint32_t place, turn;
		} run;
		struct {
			uint16_t sequence;
			uint64_t cookie;
		} echo;
	};
};

/*
 * A kind of health check. After start() a probe ends by one of the probe_ functions below,
 * perhaps before start() returns, or is stopped. stop() is called once after each start(),
 * and releases what start() took.
 */
struct probe_kind {
	/* Opens what all probes of the kind share. */
	int (*open)(struct loop *loop, void **ret);
	void (*close)(void *engine);
	void (*start)(struct probe *p);
	void (*stop)(struct probe *p);
	/* For people, as " while connecting"; may be NULL. */
	const char *(*phase)(const struct probe *p);
};

extern const struct probe_kind probe_tcp, probe_http, probe_icmp, probe_exec, probe_agent;

/* Each ends the probe under way; p may have been freed when it returns. */
void probe_end(struct probe *p, enum probe_outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* This host cannot probe; hint: "" or ", want ...". */
void probe_unable(struct probe *p, int err, const char *hint);
/* Decides whether err is the backend's fault or this host's. */
void probe_refused(struct probe *p, int err);

/*
 * Takes the connection of a probe whose answer was whole, to end it without a reset. The socket
 * must be in no loop.
 */
void probe_part(struct probe *p, int fd);

/* Opens a TCP socket that does not block and goes the probe's way; -1: errno says why. */
int probe_socket(const struct probe *p);
socklen_t probe_sockaddr(const struct probe *p, struct sockaddr_storage *ret);

#endif
