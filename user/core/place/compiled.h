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
 * The targets that a service's rules compile to, kept together with all that they were
 * compiled from. So a million networks are compiled once, by the first caller that needs
 * them, and not again with every change of a backend.
 */
struct compiled {
	struct targets targets;
	struct rule *rules;
	size_t rule_count;
	struct region *regions;
	size_t region_count;
	struct ingress ingresses[INGRESSES];
	/* Which homes: the caller counts the number up when homes change. */
	uint64_t homes_serial;
	/* The targets are compiled from all of the above; false: nothing is compiled yet. */
	bool known;
};

/* What the targets of a service depend on, beside the model. */
struct compile_input {
	const struct ingress *ingresses;	/* INGRESSES elements */
	const struct home_network *homes;	/* sorted by prefix */
	size_t home_count;
	uint64_t homes_serial;
};

/* Compiles the rules of s. -ENOMEM. The caller clears *ret. */
int compiled_new(const struct model *m, const struct service *s, const struct compile_input *input,
		 struct compiled *ret);
/* Would compiling with this model and input give the same targets again? */
bool compiled_is_of(const struct compiled *c, const struct model *m, const struct service *s,
		    const struct compile_input *input);
void compiled_clear(struct compiled *c);

#endif
