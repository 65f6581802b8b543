/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_ASKING_H
#define XRING_CLI_COMMON_ASKING_H

#include "base/buffer.h"
#include "cli/common/ask.h"

struct why;

/* ask_quietly() in steps, for a caller that waits for something else at the same time. */
struct asking {
	const char *path;
	int fd;				/* readable when asking_step() has something to read */
	struct buffer b;
};

#define ASK_MORE (-2)

/*
 * Sends the request (taken over). 0; or an exit code as of ask_quietly(), and then
 * asking_end() must not be called.
 */
int asking_begin(struct asking *a, const char *path, json_t *request, struct why *why);

/* Reads what has come: ASK_MORE while the answer is not complete, then as ask_quietly(). */
int asking_step(struct asking *a, json_t **ret, struct why *why);

void asking_end(struct asking *a);

#endif
