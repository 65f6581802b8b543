/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_SCHEMA_H
#define XRING_CONF_SCHEMA_H

struct home;
struct prefix_set;
struct reader;


/* What each part of the schema reads, and where to. */
int read_interfaces(struct reader *r, void *to);	/* at its value; adds to r->model */
int read_service(struct reader *r, void *to);	/* at its name; adds to r->drafts */
int read_backend(struct reader *r, void *to);	/* at its name; to: a service_draft */
int read_check(struct reader *r, void *to);	/* at its value; to: a service_draft */
int read_region(struct reader *r, void *to);	/* at its name; adds to r->drafts */
int read_placement(struct reader *r, void *to);	/* at its value; to: a service_draft */
int read_schedule(struct reader *r, void *to);	/* at its value; to: a service_draft */
int read_home(struct reader *r, struct home *ret);	/* at its value */

/*
 * At their value: a list of networks, or the name of a file of them. A file that is
 * named again is the same set. what: the key, for messages.
 */
int read_prefixes(struct reader *r, const char *what, struct prefix_set **ret);
void prefixes_forget(struct reader *r);		/* the files that were read */

#endif
