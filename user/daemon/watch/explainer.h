/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_EXPLAINER_H
#define XRING_DAEMON_WATCH_EXPLAINER_H

#include "base/loop.h"

/*
 * The program that explains (dp/tell/). The kernel takes a quarter of a second to verify it, which neither a start nor
 * the loop is to wait for: so the first question is answered aside, by a copy of the daemon, which loads the
 * program and hands it to the daemon for the questions after that.
 */
struct dp;
struct dp_tell;
struct engine;

struct explainer {
	struct loop *loop;
	struct loop_source source;	/* where the program arrives */
	int copys;			/* the copy's end of that */
	struct dp_tell *tell;		/* NULL: nobody has asked yet */
};

int explainer_open(struct engine *e, struct explainer *ret);
void explainer_close(struct explainer *watch);

/* In the copy: loads the program and hands it over. 0 or a negative errno, which is logged. */
int explainer_load(struct explainer *watch, const struct dp *dp);

#endif
