/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_SCHEMA_H
#define XRING_CONF_SCHEMA_H

struct home;
struct prefix_set;
struct reader;
struct service;


/*
 * The readers of the parts of the schema: which node is current at the call, and where the
 * result goes.
 */
int read_interfaces(struct reader *r, void *to);	/* the value; adds to r->model */
int read_service(struct reader *r, void *to);	/* a name; adds to r->drafts */
int read_backend(struct reader *r, void *to);	/* a name; to: a service_draft */
int read_check(struct reader *r, void *to);	/* the value; to: a service_draft */
int read_agent(struct reader *r, void *to);	/* the value; to: a service_draft */
int read_region(struct reader *r, void *to);	/* a name; adds to r->drafts */
int read_placement(struct reader *r, void *to);	/* the value; to: a service_draft */
int read_schedule(struct reader *r, void *to);	/* the value; to: a service_draft */
int read_home(struct reader *r, struct home *ret);	/* the value */
/* The value of a setting of a group (core/model/setting.h), whose key the reader has. */
int reader_setting(struct reader *r, const char *group, struct service *to);

/*
 * Reads a list of networks, or the name of a file with such a list; the value is the
 * current node. A file that is named again gives the same set. what: the key, for messages.
 */
int read_prefixes(struct reader *r, const char *what, struct prefix_set **ret);

#endif
