/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_DOCTOR_H
#define XRING_DAEMON_WATCH_DOCTOR_H

#include "base/loop.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/finding.h"

/*
 * Looks each minute, and when somebody asks for the daemon's status, at what makes a balancer fail silently (daemon/doctor/), logs what is new, and keeps
 * the facts, so that a later look sees what has grown.
 */
struct engine;

struct doctor_watch {
	struct engine *engine;
	struct loop_timer timer;
	struct facts facts;		/* of the last look */
	struct findings findings;	/* of the last look */
	uint64_t looked;		/* when that was, as clock_ns() */
};

int doctor_open(struct engine *e, struct doctor_watch *ret);
void doctor_close(struct doctor_watch *watch);

/* Looks, if the last look is not of this very second: whoever asks again and again keeps nobody else from being answered. */
void doctor_refresh(struct doctor_watch *watch);

/* All facts as they are now, with what the last look saw; for an answer aside, as it may take long. -ENOMEM, or 0. */
int doctor_facts(const struct doctor_watch *watch, struct facts *ret);

#endif
