/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_DRAFT_H
#define XRING_CONF_DRAFT_H

#include "conf/yaml.h"
#include "core/model/model.h"
#include "core/model/placement.h"

struct why;
struct daylight;
struct rule;

/*
 * What the file says, in its order and with its places. Once it is read whole,
 * drafts_finish() sorts it, refuses names that come twice, and makes the model of
 * it; what stays are the places.
 */
struct backend_draft {
	struct backend backend;
	struct location at;		/* its name */
	struct location address;
	struct location port;
	struct location region;
};

struct rule_locations {
	struct location at;
	struct location clients;
	struct location constraints[RULE_CONSTRAINTS];
	struct location preferences[RULE_PREFERENCES];
	struct location strategy;
};

struct daylight_locations {
	struct location at;
	struct location region;
};

struct region_draft {
	struct region region;
	struct location at;		/* its name */
	struct location timezone;
};

struct service_draft {
	struct service service;		/* without its backends; rules move to the model */
	struct location at;
	struct location mode;
	struct location check;
	struct location *vips;
	struct rule_locations *rules;	/* as many as service.rules has */
	struct daylight_locations *daylights;
	struct backend_draft *backends;
	size_t backend_count;
};

struct conf_locations {
	char *name;			/* of the file */
	struct location *interfaces;	/* of their regions; as many as the model has */
	struct region_draft *regions;
	size_t region_count;
	struct service_draft *services;
	size_t service_count;
};

/* name_valid() ones. NULL: no memory. */
struct service_draft *drafts_add(struct conf_locations *drafts, const char *name, struct location at);
struct backend_draft *draft_backend_add(struct service_draft *s, const char *name,
					struct location at);
int draft_vip_add(struct service_draft *s, const struct vip *vip, struct location at);
/* Behind the `count` ones that there are. */
int draft_interface_add(struct conf_locations *drafts, size_t count, struct location region);
struct region_draft *draft_region_add(struct conf_locations *drafts, const char *name,
				      struct location at);
struct rule *draft_rule_add(struct service_draft *s, struct location at,
			    struct rule_locations **ret_places);
struct daylight *draft_daylight_add(struct service_draft *s, struct location at,
				    struct daylight_locations **ret_places);

/* Adds all to m; then checks the whole. -EINVAL and -ENOMEM with *err filled. */
int drafts_finish(struct conf_locations *drafts, struct model *m, struct why *err);
int drafts_check(const struct conf_locations *drafts, const struct model *m,
		 struct why *err);

#endif
