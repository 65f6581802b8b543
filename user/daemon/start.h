/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_START_H
#define XRING_DAEMON_START_H

#include "daemon/watch/daemon.h"

/* The daemon from its socket to its health checks. */
struct start_options {
	struct engine_options engine;
	const char *file;
	const char *socket;
};

struct start {
	struct daemon daemon;
	struct control *control;
};

/* The socket is open and the file read; nothing is touched yet. -EINVAL: the file is wrong. */
int start_file(struct loop *loop, const struct start_options *options, struct start *ret);
/* The maps are adopted or made, brought to the model, and the program has taken over. */
int start_maps(struct start *s);
/* Backends are checked from now on. */
int start_checks(struct start *s);
/* What was opened, as far as it was. */
void start_close(struct start *s);

#endif
