/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_SCHEMA_H
#define XRING_SCHEMA_H

#include "conf/walk.h"

/* What each part of the schema reads, and where to. */
int read_service(struct reader *r, void *to);	/* at its name; adds to r->drafts */
int read_backend(struct reader *r, void *to);	/* at its name; to: a service_draft */
int read_check(struct reader *r, void *to);	/* at its value; to: a service_draft */

#endif
