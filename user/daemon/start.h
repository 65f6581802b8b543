/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_START_H
#define XRING_DAEMON_START_H

#include "daemon/watch/daemon.h"

/* Opening and closing all parts of the daemon, from the socket to the health checks. */
struct start_options {
	struct engine_options engine;
	const char *file;
	const char *socket;
	const char *user;		/* of privileges_become() */
	const char *exec_user;		/* of starter_open() */
};

struct start {
	struct daemon daemon;
	struct control *control;
};

/*
 * Opens the socket, becomes the daemon's user and reads the file; nothing of the network changes yet.
 * -EINVAL: the file is wrong.
 */
int start_file(struct loop *loop, const struct start_options *options, struct start *ret);
/* Adopts or makes the maps, brings them to the model, and lets the new program take over. */
int start_maps(struct start *s);
/* Begins to probe the backends. */
int start_checks(struct start *s);
/* Closes what has been opened, also after an error half way. */
void start_close(struct start *s);

#endif
