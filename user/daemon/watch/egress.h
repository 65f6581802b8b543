/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_EGRESS_H
#define XRING_DAEMON_WATCH_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "daemon/engine/wishes.h"

/*
 * The devices by which packets leave: can they send what is redirected to them, and what do they
 * lose? Some drivers send only while their device runs a program: such a device is given one that
 * passes everything, if that helps. All is compared each second, like the wishes.
 */
struct dp_lost;
struct engine;

struct egress {
	uint32_t ifindex;
	char name[32];
	char via[16];			/* an interface whose packets are redirected to it; empty: none */
	char why[WISH_WHY];		/* why it cannot send; empty: it can, as far as is known */
	char losing[WISH_WHY];		/* what it loses; empty: nothing of late */
	unsigned quiet;			/* looks since it last lost something */
	unsigned refused;		/* looks since it last lost what it does not take */
	unsigned passed;		/* looks with the program that passes everything */
	uint32_t reason;		/* of that loss, as in struct xring_lost_key */
	bool tried;			/* that program does not help */
};

struct egress_watch {
	struct engine *engine;
	struct loop_timer timer;
	struct egress *list;
	size_t count;
	char native[16];		/* an interface whose driver runs our program; empty: none */
	struct dp_lost *lost;		/* all counts as of the last look */
	size_t lost_count;
	bool looked;			/* they are known */
};

int egress_open(struct engine *e, struct egress_watch *ret);
/* Looks now; the timer does so each second. */
void egress_look(struct egress_watch *watch);
void egress_close(struct egress_watch *watch);

#endif
