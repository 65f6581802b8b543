/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_WATCH_H
#define XRING_CLI_COMMON_WATCH_H

#include <jansson.h>

struct args;

/* The stages of a change, in their order; the words are those of the daemon. */
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
 * Follows the changes until each has reached the stage, and shows their progress: on a
 * terminal one line for each change, redrawn; else a line for each stage; with --json
 * nothing. 0; or EXIT_NO if a change ended otherwise, after printing the reason.
 */
int watch(const struct args *args, const json_t *ids, enum stage until);

/* Reads the stage of --wait; `otherwise` if the option was not given. 0 or EXIT_WORDS. */
int watch_option(const struct args *args, enum stage otherwise, enum stage *ret);

#endif
