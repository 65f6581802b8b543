/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_PLACEMENT_H
#define XRING_CORE_MODEL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value/name.h"

/*
 * Where traffic may go, and where it should go: the rules of a service, as plain data. Each
 * rule is for a set of clients. Of the rules whose sets contain a client, the rule with the
 * longest matching prefix counts; else the rule without a set; else (no such rule) all
 * backends may be used.
 */
#define RULE_CONSTRAINTS 8
#define RULE_PREFERENCES 8
/* most rules of a service, and most entries of its schedule */
#define RULES_MAX 256
#define REGIONS_MAX 256
#define HOMES_MAX 65536u

struct prefix_set;

struct region {
	char name[PLACE_NAME];
	char timezone[64];		/* a name of the tz database; empty: UTC */
	struct prefix_set *clients;	/* networks of the region's clients; NULL: none are known */
};

struct constraint {
	bool required;			/* true: + (must have it); false: - (must not) */
	bool tag;			/* true: a tag (tag=); false: a region (region=) */
	char value[PLACE_NAME];
};

enum strategy {
	STRATEGY_NONE,
	STRATEGY_GLOBAL,		/* all backends, of any region */
	STRATEGY_REGIONAL,		/* only backends of the client's own region */
	STRATEGY_GEO,			/* first the region where the packet enters, then others */
};

/*
 * Homes, with strategy geo: a prefix of clients belongs to the region where most of its
 * traffic enters, wherever a single packet enters. Without `follow` all other fields are 0.
 * They are uint32_t, so that the table of core/model/home_text.c serves them.
 */
struct home {
	bool follow;
	uint32_t prefix4, prefix6;	/* lengths of the prefixes that get homes, in bits */
	uint32_t threshold;		/* thousandths of a prefix's traffic that make a home */
	uint32_t for_ms;		/* how long a region must lead without a break */
	uint32_t moves;			/* most moves of homes in a minute */
	uint32_t count;			/* most homes */
};

enum spillover {
	SPILLOVER_NONE,			/* all to the first region, whatever is alive there */
	SPILLOVER_WATERFALL,		/* what is too much for one region goes to the next */
	SPILLOVER_SPRAY,		/* to all regions, in proportion to what is alive there */
};

/* Thousandths: if less than that share of a region's weight is alive, its traffic spills. */
#define THRESHOLD_DEFAULT 720u

struct rule {
	/* The rule's clients as region=NAME; empty: not given by region. */
	char region[PLACE_NAME];
	/* The rule's clients as a set. If neither is given, the rule is for all other clients. */
	struct prefix_set *clients;
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

/* Does a backend with that region and these tags (separated by commas) satisfy all constraints? */
bool constraints_allow(const struct constraint *list, size_t count, const char *region,
		       const char *tags);

/* Is the tag in the list of tags? */
bool tags_have(const char *tags, const char *tag);
/* Adds a tag to a sorted list. -EEXIST; -ENAMETOOLONG: no room. */
int tags_add(char tags[TAGS_BYTES], const char *tag);

#endif
