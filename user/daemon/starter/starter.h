/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_STARTER_STARTER_H
#define XRING_DAEMON_STARTER_STARTER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Starts programs as another user. A daemon that has dropped its rights cannot become anybody, so a
 * process is forked before that: the starter. It becomes that user at once, for good, without
 * capabilities and with no descriptor but its end of a socket, and all programs are its children.
 * The socket's end is the end of the starter and of its programs; when the starter has ended, no
 * program can be started until the daemon is started again. There is one starter in a process.
 */
#define STARTER_USER "xring-exec"
#define STARTER_PROGRAMS 64		/* at once */
#define STARTER_OUTPUT 100		/* bytes of what a program says that are kept */

/* Text, for a message: at most 1 KiB, with a NUL after each argument. */
struct starter_program {
	const char *const *argv;	/* the path of the program first; ends with NULL */
	const char *const *env;		/* NAME=VALUE; ends with NULL */
};

enum starter_end {
	STARTER_EXITED,			/* value: its exit code */
	STARTER_KILLED,			/* value: the signal */
	STARTER_UNABLE,			/* it was not started; value: errno */
	STARTER_FULL,			/* it was not started: STARTER_PROGRAMS run */
};

struct starter_answer {
	uint32_t run;			/* the number that starter_start() was told */
	uint32_t end;			/* enum starter_end */
	int32_t value;
	char output[STARTER_OUTPUT + 1];	/* the first bytes of its output; printable */
};

/*
 * Forks the starter, where that is possible; starter_why() has the reason where it is not. Call before
 * anything is opened. user: NULL for STARTER_USER; daemon: the user that the daemon will become, NULL
 * for its default. Logs errors: -EINVAL: there is no user of a name that was given; -EPERM.
 */
int starter_open(const char *user, const char *daemon);
/* As far as it can be known without a starter: would there be one? For starter_why(). */
void starter_look(const char *user);
void starter_close(void);

/* Why no program can be started, as "want a user xring-exec of this host"; NULL: programs can be. */
const char *starter_why(void);

/* ---- the daemon's end ---- */

int starter_fd(void);			/* readable: there is an answer, or the starter has ended */
/* 0, or -errno: the starter has ended. run: not that of a program that runs. */
int starter_start(uint32_t run, const struct starter_program *program);
/* Kills the program and all that it started. */
void starter_stop(uint32_t run);
/* 1: there was an answer; 0: there is none yet; -errno: the starter has ended. */
int starter_read(struct starter_answer *ret);
/* The starter has ended: starter_why() says so from now on. Logs that. */
void starter_lost(void);
/* Takes a starter that has ended from the list of processes, once it is on it. */
void starter_reap(void);

#endif
