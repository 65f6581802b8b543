/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_SOCKET_H
#define XRING_DAEMON_CONTROL_SOCKET_H

#include <stddef.h>


/*
 * The control socket: any number of clients, none of which can hold up another
 * or the daemon. Only root, the daemon's own user and the group xring are
 * listened to (SO_PEERCRED, SO_PEERGROUPS).
 */
struct control;
struct loop;

/* One line in, one line out (freed by the caller; NULL: no memory). */
typedef char *(*control_answer)(void *context, const char *line, size_t len);

/* -EADDRINUSE where another daemon answers there. Logs. */
int control_open(struct loop *loop, const char *path, control_answer answer, void *context,
		 struct control **ret);
void control_close(struct control *control);

#endif
