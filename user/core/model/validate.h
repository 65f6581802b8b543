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
 * Is a model valid, that is, can it run? model_validate() stops at the first thing that is
 * wrong, and describes it by a message with the value and what was wanted. `at` tells which
 * part of the model is meant, for a caller that knows the part's line and column in the
 * file.
 */
enum model_part {
	PART_SERVICE,			/* service: as a whole */
	PART_VIP,			/* service: its VIP number `index` */
	PART_CHECK,			/* service: its check */
	PART_BACKEND_ADDRESS,
	PART_BACKEND_PORT,
	PART_BACKEND,
	PART_BACKEND_REGION,
	PART_REGION,			/* a region of the model */
	PART_REGION_TIMEZONE,
	PART_INTERFACE_REGION,		/* the model's interface number `index` */
	PART_RULE,			/* service: its rule number `index` */
	PART_RULE_CLIENTS,
	PART_RULE_CONSTRAINT,		/* service: number `item` of rule number `index` */
	PART_RULE_PREFERENCE,
	PART_RULE_STRATEGY,
	PART_DAYLIGHT,			/* service: entry number `index` of its schedule */
	PART_DAYLIGHT_REGION,
};
struct model_error {
	struct why why;
	const struct service *service;
	const struct backend *backend;	/* for the PART_BACKEND parts, else NULL */
	const struct region *region;	/* for the PART_REGION parts (no service), else NULL */
	size_t index;
	size_t item;
	enum model_part at;
};
int model_validate(const struct model *m, struct model_error *ret); /* 0 or -EINVAL, or -ENOMEM */

#endif
