/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DRAFT_H
#define XRING_DRAFT_H

#include "conf/yaml.h"
#include "core/model/model.h"

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
	struct place region;
};

struct rule_places {
	struct place at;
	struct place clients;
	struct place constraints[RULE_CONSTRAINTS];
	struct place preferences[RULE_PREFERENCES];
	struct place strategy;
};

struct daylight_places {
	struct place at;
	struct place region;
};

struct region_draft {
	struct region region;
	struct place at;		/* its name */
	struct place timezone;
};

struct service_draft {
	struct service service;		/* without its backends; rules move to the model */
	struct place at;
	struct place mode;
	struct place check;
	struct place *vips;
	struct rule_places *rules;	/* as many as service.rules has */
	struct daylight_places *daylights;
	struct backend_draft *backends;
	size_t backend_count;
};

struct conf_places {
	char *name;			/* of the file */
	struct place *interfaces;	/* of their regions; as many as the model has */
	struct region_draft *regions;
	size_t region_count;
	struct service_draft *services;
	size_t service_count;
};

/* name_valid() ones. NULL: no memory. */
struct service_draft *drafts_add(struct conf_places *drafts, const char *name, struct place at);
struct backend_draft *draft_backend_add(struct service_draft *s, const char *name,
					struct place at);
int draft_vip_add(struct service_draft *s, const struct vip *vip, struct place at);
/* Behind the `count` ones that there are. */
int draft_interface_add(struct conf_places *drafts, size_t count, struct place region);
struct region_draft *draft_region_add(struct conf_places *drafts, const char *name,
				      struct place at);
struct rule *draft_rule_add(struct service_draft *s, struct place at,
			    struct rule_places **ret_places);
struct daylight *draft_daylight_add(struct service_draft *s, struct place at,
				    struct daylight_places **ret_places);

/* Adds all to m; then checks the whole. -EINVAL and -ENOMEM with *err filled. */
int drafts_finish(struct conf_places *drafts, struct model *m, struct conf_error *err);
int drafts_check(const struct conf_places *drafts, const struct model *m,
		 struct conf_error *err);

#endif
