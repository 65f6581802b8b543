/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_PLACE_COMPILED_H
#define XRING_CORE_PLACE_COMPILED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/place/routes.h"

struct model;
struct region;
struct rule;
struct service;

/*
 * The targets of a service's rules, and what they were compiled of: a million networks are
 * compiled once, by whoever needs them first, and not with every change of a backend.
 */
struct compiled {
	struct targets targets;
	struct rule *rules;
	size_t rule_count;
	struct region *regions;
	size_t region_count;
	struct ingress ingresses[INGRESSES];
	uint64_t homes_serial;			/* which homes: counted up where they change */
	bool known;				/* the targets are of all this; false: nothing is compiled */
};

/* What the targets of a service depend on beside the model. */
struct compile_input {
	const struct ingress *ingresses;	/* INGRESSES of them */
	const struct home_network *homes;	/* sorted by prefix */
	size_t home_count;
	uint64_t homes_serial;
};

/* -ENOMEM. *ret is cleared by the caller. */
int compiled_new(const struct model *m, const struct service *s, const struct compile_input *input,
		 struct compiled *ret);
/* Would compiling give the same again? */
bool compiled_is_of(const struct compiled *c, const struct model *m, const struct service *s,
		    const struct compile_input *input);
void compiled_clear(struct compiled *c);

#endif
