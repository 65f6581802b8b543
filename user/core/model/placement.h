/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_PLACEMENT_H
#define XRING_CORE_MODEL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value/name.h"

/*
 * Where traffic may go, and where it should: plain data of a service's rules. A rule is for
 * the clients of a set; of those that match the most specific prefix counts, then the rule
 * without a set, then (no rule) all backends.
 */
#define RULE_CONSTRAINTS 8
#define RULE_PREFERENCES 8
#define RULES_MAX 256			/* of a service, and of its schedule */
#define REGIONS_MAX 256
#define HOMES_MAX 65536u

struct prefix_set;

struct region {
	char name[PLACE_NAME];
	char timezone[64];		/* of the tz database; empty: UTC */
	struct prefix_set *clients;	/* NULL: none */
};

struct constraint {
	bool required;			/* +, else prohibited: - */
	bool tag;			/* tag=, else region= */
	char value[PLACE_NAME];
};

enum strategy {
	STRATEGY_NONE,
	STRATEGY_GLOBAL,		/* all backends, whatever their region */
	STRATEGY_REGIONAL,		/* those of the client's own region, and no others */
	STRATEGY_GEO,			/* the region where the packet enters, then the others */
};

/*
 * With strategy geo: prefixes of clients belong to the region where most of their traffic
 * enters, wherever a packet enters. All but `follow` are of four bytes, for core/model/home_text.c's
 * table, and 0 without it.
 */
struct home {
	bool follow;
	uint32_t prefix4, prefix6;	/* bits */
	uint32_t threshold;		/* thousandths of a prefix's traffic that make a home */
	uint32_t for_ms;		/* when they have come without a break for so long */
	uint32_t moves;			/* a minute, at most */
	uint32_t count;			/* homes, at most */
};

enum spillover {
	SPILLOVER_NONE,			/* all of it to the first, whatever is alive there */
	SPILLOVER_WATERFALL,		/* to the next as much as is too much for the ones before */
	SPILLOVER_SPRAY,		/* to all of them by what is alive */
};

/* Below that share of its weight alive (thousandths) a region's traffic spills. */
#define THRESHOLD_DEFAULT 720u

struct rule {
	char region[PLACE_NAME];	/* clients: region=NAME; empty: not by region */
	struct prefix_set *clients;	/* or these; neither: everybody else */
	struct constraint constraints[RULE_CONSTRAINTS];
	size_t constraint_count;
	char preferences[RULE_PREFERENCES][PLACE_NAME];
	size_t preference_count;
	enum strategy strategy;
	enum spillover spillover;
	uint32_t threshold;		/* thousandths */
	struct home home;
};

#define WANT_SPILLOVER "none, waterfall or spray"
int spillover_parse(const char *text, enum spillover *ret);	/* -EINVAL */
const char *spillover_print(enum spillover mode);

/* Does a backend of that region and these tags (separated by commas) satisfy them all? */
bool constraints_allow(const struct constraint *list, size_t count, const char *region,
		       const char *tags);

/* Does a list of tags hold this one? */
bool tags_have(const char *tags, const char *tag);
/* Adds one to a sorted list; -EEXIST, -ENAMETOOLONG: no room for it. */
int tags_add(char tags[TAGS_BYTES], const char *tag);

#endif
