/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_TOP_DRAW_H
#define XRING_CLI_TOP_DRAW_H

#include "cli/top/model.h"

/* What the keys chose. */
struct top_view {
	enum top_column column;		/* backends are sorted by it */
	bool reverse;
	size_t service;			/* the chosen one */
	bool only;			/* nothing but it */
	bool paused;
	bool help;
	const char *away;		/* why there is nothing new; NULL: there is */
};

/* The colour pair of what is wrong, where the terminal has colours. */
#define TOP_RED 1

/* Draws all of it on the open terminal. */
void top_draw(const struct top_model *m, const struct top_view *v);

#endif
