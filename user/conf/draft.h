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
 * Drafts: what the file says, in the file's order and with locations. When the whole file
 * has been read, drafts_finish() sorts the drafts, refuses names that come twice, and moves
 * their content into the model. Only the locations remain, as struct conf_locations.
 */
struct backend_draft {
	struct backend backend;
	struct location at;		/* of the name */
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
	struct location at;		/* of the name */
	struct location timezone;
};

struct service_draft {
	struct service service;		/* without backends; the rest moves to the model */
	struct location at;
	struct location mode;
	struct location check;
	struct location *vips;
	struct rule_locations *rules;	/* one for each rule of the service */
	struct daylight_locations *daylights;
	bool has_backends;		/* the key is there */
	struct backend_draft *backends;
	size_t backend_count;
};

struct conf_locations {
	char *name;			/* the file's name */
	struct location *interfaces;	/* of their regions, one for each interface of the model */
	struct region_draft *regions;
	size_t region_count;
	struct service_draft *services;
	size_t service_count;
};

/* Add a draft with a name that name_valid() accepts. NULL: no memory. */
struct service_draft *drafts_add(struct conf_locations *drafts, const char *name,
				 struct location at);
struct backend_draft *draft_backend_add(struct service_draft *s, const char *name,
					struct location at);
int draft_vip_add(struct service_draft *s, const struct vip *vip, struct location at);
/* Adds the location of an interface after `count` others. */
int draft_interface_add(struct conf_locations *drafts, size_t count, struct location region);
struct region_draft *draft_region_add(struct conf_locations *drafts, const char *name,
				      struct location at);
struct rule *draft_rule_add(struct service_draft *s, struct location at,
			    struct rule_locations **ret_places);
struct daylight *draft_daylight_add(struct service_draft *s, struct location at,
				    struct daylight_locations **ret_places);

/*
 * drafts_finish() adds all drafts to m. drafts_check() validates the whole model, and names the
 * location of what is wrong. Both return 0, or -EINVAL or -ENOMEM with *err filled.
 */
int drafts_finish(struct conf_locations *drafts, struct model *m, struct why *err);
int drafts_check(const struct conf_locations *drafts, const struct model *m,
		 const struct model *before, struct why *err);

#endif
