/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_SOCKET_H
#define XRING_DAEMON_CONTROL_SOCKET_H

#include <stddef.h>

/*
 * The control socket: any number of clients, none of which can delay another client or the
 * daemon. Only root, the daemon's own user and the group xring get answers (SO_PEERCRED,
 * SO_PEERGROUPS).
 */
struct control;
struct loop;

/* Answers one line with one line, which the caller frees; NULL: no memory. */
typedef char *(*control_answer)(void *context, const char *line, size_t len);

/* -EADDRINUSE: another daemon answers at the path. Logs errors. */
int control_open(struct loop *loop, const char *path, control_answer answer, void *context,
		 struct control **ret);
void control_close(struct control *control);

#endif
