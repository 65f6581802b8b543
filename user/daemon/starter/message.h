/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_STARTER_MESSAGE_H
#define XRING_DAEMON_STARTER_MESSAGE_H

#include <pwd.h>
#include <stdint.h>

/*
 * What the daemon says to the starter, a message of SOCK_SEQPACKET each. The starter says only
 * struct starter_answer.
 */
#define STARTER_TEXT 1024

struct starter_request {
	uint32_t run;
	uint32_t what;			/* enum starter_what */
	uint32_t args;			/* texts of `text` that are arguments; those after them are env */
	uint32_t texts;
	char text[STARTER_TEXT];	/* as long as the message is; a NUL after each */
};

enum starter_what {
	STARTER_START,
	STARTER_STOP,
};

#define STARTER_ARGS 272			/* greatest number of texts */

/* Makes the calling process that user's, without rights, and with no descriptor but fd and /dev/null. */
int starter_confine(const struct passwd *user, int fd);
/* The rest, for a process that is about to become a program. 0 or -errno. */
int starter_limit_program(void);
/* The starter's life, from the first request to the end of the socket. */
void starter_live(int fd) __attribute__((noreturn));

#endif
