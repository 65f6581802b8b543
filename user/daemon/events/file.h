/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_EVENTS_FILE_H
#define XRING_DAEMON_EVENTS_FILE_H

#include <stdbool.h>

struct event;
struct events;

/*
 * Reads events.json, and has each event added, whose text is copied. 0, or -ENOMEM. A file that makes no sense
 * is set aside, and lines that make none are left out.
 */
int events_read(struct events *events, void (*add)(struct events *events, const struct event *event));
/* True: all that there is is in the file. */
bool events_write(struct events *events);

#endif
