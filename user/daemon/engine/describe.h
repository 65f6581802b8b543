/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_DESCRIBE_H
#define XRING_DAEMON_ENGINE_DESCRIBE_H

struct change_entry;
struct service;

/* Keeps how a request can be undone that made a service `now` of `was`. entry may be NULL. */
void undo_keep(struct change_entry *entry, const struct service *was, const struct service *now);

#endif
