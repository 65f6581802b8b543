/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_SOCKET_H
#define XRING_DAEMON_CONTROL_SOCKET_H

#include <stddef.h>

#include "daemon/control/aside.h"

/*
 * The control socket: any number of clients, none of which can delay another client or the
 * daemon. Only root, the daemon's own user and the group xring get answers (SO_PEERCRED,
 * SO_PEERGROUPS).
 */
struct control;
struct loop;
struct turns;

/* How the rest of an answer comes, or all of it. */
struct later {
	struct aside aside;		/* from a copy of the daemon; fd -1: no */
	struct turns *turns;		/* in turns; NULL: no. The connection frees it */
};

struct control_answers {
	/*
	 * Answers one line of that user with one line, which the caller frees; NULL: no memory. *kept: what
	 * earlier lines of the same connection left for this one; NULL at first, and returned
	 * where *ret_later says how the answer comes.
	 */
	char *(*answer)(void *context, unsigned uid, void **kept, const char *line, size_t len,
			struct later *ret_later);
	void (*forget)(void *kept);	/* the connection has ended; kept may be NULL */
	void *context;
};

/* -EADDRINUSE: another daemon answers at the path. Logs errors. */
int control_open(struct loop *loop, const char *path, const struct control_answers *answers,
		 struct control **ret);
void control_close(struct control *control);

#endif
