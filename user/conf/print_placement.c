// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "conf/print.h"
#include "core/model/home_text.h"
#include "core/model/rules.h"
#include "core/model/text.h"
#include "core/time/schedule.h"
#include "core/value/number.h"
#include "core/value/prefix_set.h"

/* A mapping that is printed in one line: "{" before the first entry, ", " before the others. */
struct line {
	FILE *f;
	const char *before;
};

static void key(struct line *line, const char *name)
{
	fprintf(line->f, "%s%s: ", line->before, name);
	line->before = ", ";
}

static void print_set(FILE *f, const struct prefix_set *set)
{
	char text[PREFIX_TEXT];

	if (set->file) {
		print_text(f, set->file);
		return;
	}
	for (size_t i = 0; i < set->list.count; i++) {
		fputs(i ? ", " : "[", f);
		print_text(f, prefix_print(&set->list.prefixes[i], text));
	}
	fputc(']', f);
}

/* ---- regions ---- */

static void print_region(FILE *f, const struct region *region)
{
	struct line line = { f, "{" };

	fputs("  ", f);
	print_text(f, region->name);
	fputs(":", f);
	if (!*region->timezone && !region->clients) {
		fputs(" {}\n", f);
		return;
	}
	fputc(' ', f);
	if (*region->timezone) {
		key(&line, "timezone");
		print_text(f, region->timezone);
	}
	if (region->clients) {
		key(&line, "prefixes");
		print_set(f, region->clients);
	}
	fputs("}\n", f);
}

void print_regions(FILE *f, const struct model *m)
{
	if (m->region_count)
		fputs("regions:\n", f);
	for (size_t i = 0; i < m->region_count; i++)
		print_region(f, &m->regions[i]);
}

void print_backend_place(FILE *f, const struct backend *b)
{
	const char *tag = b->tags;
	char text[TAGS_BYTES];

	if (*b->region) {
		fputs(", region: ", f);
		print_text(f, b->region);
	}
	if (!*tag)
		return;
	for (const char *before = ", tags: ["; *tag; before = ", ") {
		size_t len = strcspn(tag, ",");

		memcpy(text, tag, len);
		text[len] = '\0';
		fputs(before, f);
		print_text(f, text);
		tag += len + (tag[len] == ',');
	}
	fputc(']', f);
}

/* ---- rules ---- */

static void print_clients(struct line *line, const struct rule *rule)
{
	char text[PLACE_NAME + 8];

	if (!*rule->region && !rule->clients)
		return;
	key(line, "clients");
	if (!*rule->region) {
		print_set(line->f, rule->clients);
		return;
	}
	snprintf(text, sizeof(text), "region=%s", rule->region);
	print_text(line->f, text);
}

static void print_constraints(struct line *line, const struct rule *rule)
{
	char text[CONSTRAINT_TEXT];

	if (!rule->constraint_count)
		return;
	key(line, "constraints");
	for (size_t i = 0; i < rule->constraint_count; i++) {
		fputs(i ? ", " : "[", line->f);
		print_text(line->f, constraint_print(&rule->constraints[i], text));
	}
	fputc(']', line->f);
}

static void print_preferences(struct line *line, const struct rule *rule)
{
	if (!rule->preference_count)
		return;
	key(line, "preferences");
	for (size_t i = 0; i < rule->preference_count; i++) {
		fputs(i ? ", " : "[", line->f);
		print_text(line->f, rule->preferences[i]);
	}
	fputc(']', line->f);
}

static void print_home(struct line *line, const struct home *home)
{
	struct line inner = { line->f, "{" };
	struct home normal = home_default();
	char text[HOME_TEXT];

	if (!home->follow)
		return;
	key(line, "home");
	if (home_equal(home, &normal)) {
		fputs("follow", line->f);
		return;
	}
	for (int i = 0; i < HOME_KEYS; i++) {
		enum home_key k = (enum home_key)i;

		if (home_key_equal(home, &normal, k))
			continue;
		key(&inner, home_key_word(k));
		fputs(home_print(home, k, text), line->f);
	}
	fputc('}', line->f);
}

static void print_rule(FILE *f, const struct rule *rule)
{
	bool ordered = rule->preference_count || rule->strategy == STRATEGY_GEO;
	struct line line = { f, "      - {" };
	char text[WEIGHT_TEXT];

	print_clients(&line, rule);
	print_constraints(&line, rule);
	print_preferences(&line, rule);
	if (rule->strategy != STRATEGY_NONE) {
		key(&line, "strategy");
		fputs(strategy_print(rule->strategy), f);
	}
	if (ordered && rule->spillover != SPILLOVER_WATERFALL) {
		key(&line, "spillover");
		fputs(spillover_print(rule->spillover), f);
	}
	if (rule->threshold != THRESHOLD_DEFAULT) {
		key(&line, "threshold");
		fputs(thousandths_print(rule->threshold, text), f);
	}
	print_home(&line, &rule->home);
	fputs("}\n", f);
}

void print_placement(FILE *f, const struct service *s)
{
	if (s->rule_count)
		fputs("    placement:\n", f);
	for (size_t i = 0; i < s->rule_count; i++)
		print_rule(f, &s->rules[i]);
}

/* ---- schedules ---- */

void print_schedule(FILE *f, const struct service *s)
{
	char hours[HOURS_TEXT], days[DAYS_TEXT], weight[WEIGHT_TEXT], over[DURATION_TEXT];

	if (s->daylight_count)
		fputs("    schedule:\n", f);
	for (size_t i = 0; i < s->daylight_count; i++) {
		const struct schedule_entry *entry = &s->daylights[i].entry;

		fputs("      - {region: ", f);
		print_text(f, s->daylights[i].region);
		fprintf(f, ", hours: \"%s\"", hours_print(entry, hours));
		if (entry->days != SCHEDULE_DAYS) {
			fputs(", days: ", f);
			print_text(f, days_print(entry->days, days));
		}
		fprintf(f, ", weight: %s", weight_print(entry->weight, weight));
		if (entry->over_ms)
			fprintf(f, ", over: %s", duration_print(entry->over_ms, over));
		fputs("}\n", f);
	}
}
