/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_VALIDATE_H
#define XRING_CORE_MODEL_VALIDATE_H

#include <stddef.h>

#include "base/why.h"

struct backend;
struct model;
struct region;
struct service;

/*
 * Is the model one that can run? The first thing wrong, as a message that says
 * the value and what was wanted; where it stands is told by `at`, for a caller
 * that knows lines and columns.
 */
enum model_part {
	PART_SERVICE,			/* the service as a whole */
	PART_VIP,			/* its VIP number `index` */
	PART_CHECK,			/* its check */
	PART_BACKEND_ADDRESS,
	PART_BACKEND_PORT,
	PART_BACKEND,
	PART_BACKEND_REGION,
	PART_REGION,			/* of the model, not of a service */
	PART_REGION_TIMEZONE,
	PART_INTERFACE_REGION,		/* of the model's interface number `index` */
	PART_RULE,			/* its rule number `index` */
	PART_RULE_CLIENTS,
	PART_RULE_CONSTRAINT,		/* number `item` of rule `index` */
	PART_RULE_PREFERENCE,
	PART_RULE_STRATEGY,
	PART_DAYLIGHT,			/* number `index` of its schedule */
	PART_DAYLIGHT_REGION,
};
struct model_error {
	struct why why;
	const struct service *service;
	const struct backend *backend;	/* of the PART_BACKEND ones */
	const struct region *region;	/* of the PART_REGION ones, which have no service */
	size_t index;
	size_t item;
	enum model_part at;
};
int model_validate(const struct model *m, struct model_error *ret);	/* 0, -EINVAL */

#endif
