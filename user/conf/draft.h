/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DRAFT_H
#define XRING_DRAFT_H

#include "conf/yaml.h"
#include "core/model.h"

/*
 * What the file says, in its order and with its places. Once it is read whole,
 * drafts_finish() sorts it, refuses names that come twice, and makes the model of
 * it; what stays are the places.
 */
struct backend_draft {
	struct backend backend;
	struct place at;		/* its name */
	struct place address;
	struct place port;
};

struct service_draft {
	struct service service;		/* without its backends */
	struct place at;
	struct place mode;
	struct place check;
	struct place *vips;
	struct backend_draft *backends;
	size_t backend_count;
};

struct conf_places {
	char *name;			/* of the file */
	struct service_draft *services;
	size_t service_count;
};

/* name_valid() ones. NULL: no memory. */
struct service_draft *drafts_add(struct conf_places *drafts, const char *name, struct place at);
struct backend_draft *draft_backend_add(struct service_draft *s, const char *name,
					struct place at);
int draft_vip_add(struct service_draft *s, const struct vip *vip, struct place at);

/* Adds the services to m and checks the whole; -EINVAL and -ENOMEM with *err filled. */
int drafts_finish(struct conf_places *drafts, struct model *m, struct conf_error *err);

#endif
