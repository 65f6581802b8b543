/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_TOP_DRAW_H
#define XRING_CLI_TOP_DRAW_H

#include "cli/top/model.h"

/* What the user has chosen by keys. */
struct top_view {
	enum top_column column;		/* the column by which backends are sorted */
	bool reverse;
	size_t service;			/* index of the chosen service */
	bool only;			/* show only the chosen service */
	bool paused;
	bool help;
	const char *away;		/* why there is no new sample; NULL: there is one */
};

/* The colour pair of bad values, if the terminal has colours. */
#define TOP_RED 1

/* Draws the whole screen on the open terminal. */
void top_draw(const struct top_model *m, const struct top_view *v);

#endif
