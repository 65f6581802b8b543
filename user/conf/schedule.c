// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/util.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/time/schedule.h"
#include "core/value/name.h"
#include "core/value/number.h"

#define OVER_MAX_MS (12 * 60 * 60 * 1000u)
#define WANT_OVER "0s to 12h, as 30m"

struct reading {
	struct daylight *daylight;
	struct daylight_locations *at;
	struct location hours, weight;
};

static int read_slot_region(struct reader *r, void *to)
{
	struct reading *reading = to;

	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "region", WANT_NAME);
	strcpy(reading->daylight->region, r->yaml.text);
	reading->at->region = r->yaml.at;
	return 0;
}

static int read_hours(struct reader *r, void *to)
{
	struct reading *reading = to;
	struct schedule_entry *entry = &reading->daylight->entry;

	reading->hours = r->yaml.at;
	if (r->yaml.kind != YAML_SCALAR || hours_parse(r->yaml.text, &entry->from, &entry->to))
		return yaml_refuse(&r->yaml, "hours", WANT_HOURS);
	return 0;
}

static int read_days(struct reader *r, void *to)
{
	struct reading *reading = to;

	if (r->yaml.kind != YAML_SCALAR ||
	    days_parse(r->yaml.text, &reading->daylight->entry.days))
		return yaml_refuse(&r->yaml, "days", WANT_DAYS);
	return 0;
}

static int read_slot_weight(struct reader *r, void *to)
{
	struct reading *reading = to;

	reading->weight = r->yaml.at;
	if (r->yaml.kind != YAML_SCALAR ||
	    weight_parse(r->yaml.text, &reading->daylight->entry.weight))
		return yaml_refuse(&r->yaml, "weight", WANT_WEIGHT);
	return 0;
}

static int read_over(struct reader *r, void *to)
{
	struct reading *reading = to;

	if (r->yaml.kind != YAML_SCALAR ||
	    duration_parse(r->yaml.text, 0, OVER_MAX_MS, &reading->daylight->entry.over_ms))
		return yaml_refuse(&r->yaml, "over", WANT_OVER);
	return 0;
}

static const struct field slot_fields[] = {
	{ "region", read_slot_region },
	{ "hours", read_hours },
	{ "days", read_days },
	{ "weight", read_slot_weight },
	{ "over", read_over },
};

static int read_slot(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct location start = r->yaml.at;
	struct reading reading = {};
	int err;

	if (s->service.daylight_count == RULES_MAX)
		return reader_fail(r, start, "schedule: want at most %d of them", RULES_MAX);
	reading.daylight = draft_daylight_add(s, start, &reading.at);
	if (!reading.daylight)
		return reader_no_memory(r);
	err = reader_fields(r, "schedule", slot_fields, ARRAY_SIZE(slot_fields), &reading);
	if (err)
		return err;
	if (!reading.at->region.line)
		return reader_fail(r, start, "schedule without a region: want " WANT_NAME);
	if (!reading.hours.line)
		return reader_fail(r, start, "schedule without hours: want " WANT_HOURS);
	if (!reading.weight.line)
		return reader_fail(r, start, "schedule without a weight: want " WANT_WEIGHT);
	return 0;
}

int read_schedule(struct reader *r, void *to)
{
	return reader_is_nothing(r) ? 0 : reader_list(r, "schedule", read_slot, to);
}
