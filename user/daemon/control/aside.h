/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_ASIDE_H
#define XRING_DAEMON_CONTROL_ASIDE_H

#include <sys/types.h>

/*
 * A request that takes long and changes nothing is answered aside, by a copy of the daemon, so
 * that the daemon itself goes on. The copy dies with the daemon.
 */
#define ASIDES_MOST 4			/* requests that are answered aside at the same time */

struct aside {
	int fd;				/* the answer can be read here; -1: there is none */
	pid_t pid;
};

/*
 * Makes the copy. Returns 1 in the copy, which must call aside_say(), and 0 in the daemon, which
 * must call aside_end(). -EBUSY: there are ASIDES_MOST; or another negative errno.
 */
int aside_begin(struct aside *ret);
_Noreturn void aside_say(const struct aside *a, const char *text);	/* text: a line, without its end */
/* Kills the copy, if it has not ended. a->fd may be -1, and is it then. */
void aside_end(struct aside *a);

#endif
