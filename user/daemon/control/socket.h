/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_SOCKET_H
#define XRING_DAEMON_CONTROL_SOCKET_H

#include <stddef.h>

/*
 * The control socket: any number of clients, none of which can delay another client or the
 * daemon. Only root, the daemon's own user and the group xring get answers (SO_PEERCRED,
 * SO_PEERGROUPS).
 */
struct aside;
struct control;
struct loop;

struct control_answers {
	/*
	 * Answers one line with one line, which the caller frees; NULL: no memory. *kept: what
	 * earlier lines of the same connection left for this one; NULL at first. If *ret_aside
	 * has a file descriptor, the answer comes there, and NULL is returned.
	 */
	char *(*answer)(void *context, void **kept, const char *line, size_t len,
			struct aside *ret_aside);
	void (*forget)(void *kept);	/* the connection has ended; kept may be NULL */
	void *context;
};

/* -EADDRINUSE: another daemon answers at the path. Logs errors. */
int control_open(struct loop *loop, const char *path, const struct control_answers *answers,
		 struct control **ret);
void control_close(struct control *control);

#endif
