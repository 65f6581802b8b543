/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PROBE_FAREWELL_H
#define XRING_DAEMON_PROBE_FAREWELL_H

#include <stddef.h>

/*
 * Connections of checks that have their result. To close a socket that has unread bytes, or gets
 * some later, resets the connection, and servers log that as an error at each check. So what the
 * server still sends is read and dropped, until it closes too: at most 64 KiB, and for one to two
 * seconds.
 */
struct farewells;
struct loop;

/* limit: how many connections at once; one more closes the oldest. */
int farewells_open(struct loop *loop, size_t limit, struct farewells **ret);
void farewells_close(struct farewells *f);

/* Takes a connected socket, which does not block, and closes it when its time has come. */
void farewell(struct farewells *f, int fd);

#endif
