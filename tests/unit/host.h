/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_HOST_H
#define XRING_TEST_HOST_H

#include <jansson.h>

#include "daemon/start.h"
#include "memory_maps.h"

/*
 * A host on which daemons run one after the other: the whole daemon but dp/, daemon/net and
 * main.c, on maps in memory, without root. After cmocka.h.
 */

/* What outlives a daemon: the maps, the state directory, the configuration file. */
struct host {
	struct memory *memory;
	char dir[32];
	char file[64], state[64], socket[64];
};

struct running {
	struct host *host;
	struct loop *loop;
	struct start start;
};

void host_open(struct host *h, const char *yaml);
void host_close(struct host *h);
void host_file_put(const struct host *h, const char *yaml);

int daemon_start(struct host *h, struct running *r);
void daemon_begin(struct host *h, struct running *r);	/* the start must be good */
void daemon_end(struct running *r);

struct engine *engine_of(const struct running *r);

/* The whole answer to a request, as text, the caller's. */
char *answer_of(struct running *r, const char *request);
/* The answer to a request, which must be good: its data, the caller's; or without them. */
json_t *ask(struct running *r, const char *request);
void do_it(struct running *r, const char *request);

#endif
