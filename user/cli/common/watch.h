/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_WATCH_H
#define XRING_CLI_COMMON_WATCH_H

#include <jansson.h>

struct args;


/* The stages of a change, in their order. */
enum stage {
	STAGE_PREPARE,
	STAGE_COPY,
	STAGE_CATCH_UP,
	STAGE_SWITCH,
	STAGE_CLEANUP,
	STAGE_DONE,
	STAGES,
};

/*
 * Follows these changes until each has reached the stage, showing how they
 * come along unless --json wants silence: on a terminal a line each that is
 * redrawn, else a line a stage. 0; EXIT_NO where one ended otherwise, the reason
 * said.
 */
int watch(const struct args *args, const json_t *ids, enum stage until);

/* --wait's stage, `otherwise` where it is not given; EXIT_WORDS. */
int watch_option(const struct args *args, enum stage otherwise, enum stage *ret);

#endif
