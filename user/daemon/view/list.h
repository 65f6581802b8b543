/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_LIST_H
#define XRING_DAEMON_VIEW_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An answer with what there is of each service and of each of its backends: it grows with both, so it is
 * asked for piece by piece, and the daemon does other work between two of them.
 */
struct daemon;
struct engine;
struct service;

/* Exact shares of a service's main ring, in hashes by live_backend.index. */
struct shares {
	uint64_t *of;
	size_t count;
};

struct view_list {
	json_t *members;		/* of the answer, without the list; NULL: it is the list */
	const char *key;		/* of the list among the members */
	/* A service without its backends. NULL: the list is of the backends of all services. */
	json_t *(*service)(const struct engine *e, const struct service *s);
	/* Its backend i, from 0. False: there are no more. *ret NULL: no memory. */
	bool (*backend)(const struct engine *e, const struct service *s, size_t i,
			const struct shares *shares, json_t **ret);
};

/* These list all services. -ENOMEM, or -EIO: the kernel's counters cannot be read. */
int view_top(const struct daemon *d, struct view_list *ret);
int view_stats(const struct daemon *d, struct view_list *ret);

/* These have no members. */
extern const struct view_list view_services, view_service_stats, view_backends;

/* The shares as they are now; none where there is no memory. The caller frees shares.of. */
struct shares shares_of(const struct engine *e, const struct service *s);

#endif
