/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_ASKING_H
#define XRING_CLI_COMMON_ASKING_H

#include "base/buffer.h"
#include "cli/common/ask.h"

struct why;

/* ask_quietly() in steps, for who has something else to wait for meanwhile. */
struct asking {
	const char *path;
	int fd;				/* is readable when there is a step to take */
	struct buffer b;
};

#define ASK_MORE (-2)

/* Sends the request (taken over). 0, or as ask_quietly(), and then nothing is to be ended. */
int asking_begin(struct asking *a, const char *path, json_t *request, struct why *why);

/* Reads what there is: ASK_MORE while the answer is not whole, then as ask_quietly(). */
int asking_step(struct asking *a, json_t **ret, struct why *why);

void asking_end(struct asking *a);

#endif
