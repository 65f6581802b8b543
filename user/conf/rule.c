// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/util.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/text.h"
#include "core/value/name.h"
#include "core/value/number.h"

/* A rule that is being read. */
struct reading {
	struct rule *rule;
	struct rule_locations *at;
	struct location spillover;
	struct location threshold;
	struct location home;
};

static int read_clients(struct reader *r, void *to)
{
	static const char region[] = "region=";
	struct reading *reading = to;
	const char *name = r->yaml.text + strlen(region);

	reading->at->clients = r->yaml.at;
	if (r->yaml.kind != YAML_SCALAR || strncmp(r->yaml.text, region, strlen(region)))
		return read_prefixes(r, "clients", &reading->rule->clients);
	if (!name_valid(name))
		return yaml_refuse(&r->yaml, "clients", "region=NAME of a region");
	strcpy(reading->rule->region, name);
	return 0;
}

static int read_constraint(struct reader *r, void *to)
{
	struct reading *reading = to;
	struct rule *rule = reading->rule;

	if (rule->constraint_count == RULE_CONSTRAINTS)
		return reader_fail(r, r->yaml.at, "constraints: want at most %d", RULE_CONSTRAINTS);
	if (r->yaml.kind != YAML_SCALAR ||
	    constraint_parse(r->yaml.text, &rule->constraints[rule->constraint_count]))
		return yaml_refuse(&r->yaml, "constraint", WANT_CONSTRAINT);
	reading->at->constraints[rule->constraint_count++] = r->yaml.at;
	return 0;
}

static int read_preference(struct reader *r, void *to)
{
	struct reading *reading = to;
	struct rule *rule = reading->rule;

	if (rule->preference_count == RULE_PREFERENCES)
		return reader_fail(r, r->yaml.at, "preferences: want at most %d", RULE_PREFERENCES);
	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "preference", WANT_NAME);
	strcpy(rule->preferences[rule->preference_count], r->yaml.text);
	reading->at->preferences[rule->preference_count++] = r->yaml.at;
	return 0;
}

/* An empty list is refused, because it is more likely a slip than intended. */
static int read_constraints(struct reader *r, void *to)
{
	struct reading *reading = to;
	struct location start = r->yaml.at;
	int err = reader_list(r, "constraints", read_constraint, to);

	if (!err && !reading->rule->constraint_count)
		return reader_fail(r, start, "constraints: want one at least");
	return err;
}

static int read_preferences(struct reader *r, void *to)
{
	struct reading *reading = to;
	struct location start = r->yaml.at;
	int err = reader_list(r, "preferences", read_preference, to);

	if (!err && !reading->rule->preference_count)
		return reader_fail(r, start, "preferences: want one at least");
	return err;
}

static int read_spillover(struct reader *r, void *to)
{
	struct reading *reading = to;

	reading->spillover = r->yaml.at;
	if (r->yaml.kind != YAML_SCALAR ||
	    spillover_parse(r->yaml.text, &reading->rule->spillover))
		return yaml_refuse(&r->yaml, "spillover", WANT_SPILLOVER);
	return 0;
}

static int read_threshold(struct reader *r, void *to)
{
	struct reading *reading = to;

	reading->threshold = r->yaml.at;
	if (r->yaml.kind != YAML_SCALAR ||
	    thousandths_parse(r->yaml.text, 1, 1000, &reading->rule->threshold))
		return yaml_refuse(&r->yaml, "threshold", "0.001 to 1 in steps of 0.001");
	return 0;
}

static int read_strategy(struct reader *r, void *to)
{
	struct reading *reading = to;

	reading->at->strategy = r->yaml.at;
	if (r->yaml.kind != YAML_SCALAR ||
	    strategy_parse(r->yaml.text, &reading->rule->strategy))
		return yaml_refuse(&r->yaml, "strategy", WANT_STRATEGY);
	return 0;
}

static int read_rule_home(struct reader *r, void *to)
{
	struct reading *reading = to;

	reading->home = r->yaml.at;
	return read_home(r, &reading->rule->home);
}

static const struct field rule_fields[] = {
	{ "clients", read_clients },
	{ "constraints", read_constraints },
	{ "preferences", read_preferences },
	{ "strategy", read_strategy },
	{ "spillover", read_spillover },
	{ "threshold", read_threshold },
	{ "home", read_rule_home },
};

/* Traffic spills from one region to the next, so that spillover needs an order of regions. */
static int finish_rule(struct reader *r, struct reading *reading)
{
	struct rule *rule = reading->rule;

	if (!rule->preference_count && rule->strategy != STRATEGY_GEO) {
		if (reading->spillover.line)
			return reader_fail(r, reading->spillover,
					 "spillover %s: want preferences or strategy geo beside it",
					 spillover_print(rule->spillover));
	} else if (!reading->spillover.line) {
		rule->spillover = SPILLOVER_WATERFALL;
	}
	if (reading->threshold.line && rule->spillover != SPILLOVER_WATERFALL)
		return reader_fail(r, reading->threshold,
				 "threshold: want spillover waterfall beside it");
	if (reading->home.line && rule->strategy != STRATEGY_GEO)
		return reader_fail(r, reading->home, "home: want strategy geo beside it");
	return 0;
}

static int read_rule(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct reading reading = {};
	int err;

	if (s->service.rule_count == RULES_MAX)
		return reader_fail(r, r->yaml.at, "placement: want at most %d rules", RULES_MAX);
	reading.rule = draft_rule_add(s, r->yaml.at, &reading.at);
	if (!reading.rule)
		return reader_no_memory(r);
	err = reader_fields(r, "rule", rule_fields, ARRAY_SIZE(rule_fields), &reading);
	return err ? err : finish_rule(r, &reading);
}

int read_placement(struct reader *r, void *to)
{
	return reader_is_nothing(r) ? 0 : reader_list(r, "placement", read_rule, to);
}
