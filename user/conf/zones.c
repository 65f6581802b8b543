// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of conf_validate() that needs the system's time zones, which user/core must not
 * read itself.
 */
#include "conf/zones.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "base/zoneinfo.h"
#include "conf/conf.h"
#include "core/model/model.h"
#include "core/model/placement.h"
#include "core/model/rules.h"
#include "core/model/validate.h"
#include "core/time/daylight.h"
#include "core/time/schedule.h"
#include "core/time/tz.h"

int zone_load(const char *timezone, struct tz *ret)
{
	_free_ void *bytes = NULL;
	size_t len = 0;
	int err;

	if (!*timezone) {
		*ret = (struct tz){};
		return 0;
	}
	err = zoneinfo_read(ZONEINFO_DIRECTORY, timezone, &bytes, &len);
	return err ? err : tz_parse(bytes, len, ret);
}

int zone_check(const char *timezone, const struct model *before)
{
	struct tz zone;
	int err = zone_load(timezone, &zone);

	if (!err)
		tz_clear(&zone);
	if (!err || err == -ENOMEM)
		return err;
	for (size_t i = 0; before && i < before->region_count; i++)
		if (!strcmp(before->regions[i].timezone, timezone))
			return 0;
	return access(ZONEINFO_DIRECTORY, F_OK) ? 0 : err;
}

static int check_timezones(const struct model *m, const struct model *before,
			   struct model_error *ret)
{
	for (size_t i = 0; i < m->region_count; i++) {
		const struct region *region = &m->regions[i];
		int err = zone_check(region->timezone, before);

		if (!err)
			continue;
		if (err == -ENOMEM)
			return err;
		*ret = (struct model_error){ .at = PART_REGION_TIMEZONE, .region = region };
		return why_set(&ret->why, -EINVAL, "timezone %s of region %s: want " WANT_TIMEZONE, region->timezone,
			 region->name);
	}
	return 0;
}

/* ---- does every service have weight somewhere, at any time? ---- */

/* The schedules of the regions in which a service has backends, with their zones and slots. */
struct skies {
	struct schedule *schedules;
	struct tz *zones;
	struct schedule_entry *entries;
	size_t count;
	size_t entry_count;
};

static void skies_clear(struct skies *k)
{
	for (size_t i = 0; i < k->count; i++)
		tz_clear(&k->zones[i]);
	free(k->schedules);
	free(k->zones);
	free(k->entries);
}

static bool ever_dark(const struct service *s, const char *region)
{
	for (size_t i = 0; i < s->daylight_count; i++)
		if (!strcmp(s->daylights[i].region, region) && !s->daylights[i].entry.weight)
			return true;
	return false;
}

static bool is_first_there(const struct service *s, size_t backend)
{
	for (size_t i = 0; i < backend; i++)
		if (!strcmp(s->backends[i].region, s->backends[backend].region))
			return false;
	return true;
}

static int skies_add(const struct model *m, const struct service *s, const char *name,
		     struct skies *k)
{
	const struct region *region = model_region(m, name);
	struct schedule *schedule = &k->schedules[k->count];
	int err = zone_load(region->timezone, &k->zones[k->count]);

	if (err == -ENOMEM)
		return err;
	if (err)
		k->zones[k->count] = (struct tz){};
	*schedule = (struct schedule){ &k->zones[k->count++], k->entries + k->entry_count, 0 };
	for (size_t i = 0; i < s->daylight_count; i++) {
		if (strcmp(s->daylights[i].region, name))
			continue;
		k->entries[k->entry_count++] = s->daylights[i].entry;
		schedule->count++;
	}
	return 0;
}

/*
 * Finds the first moment at which all regions of a service have weight 0; INT64_MAX: there
 * is none.
 */
static int find_dark(const struct model *m, const struct service *s, int64_t *ret_dark)
{
	__attribute__((cleanup(skies_clear))) struct skies k = {};
	int err = 0;

	*ret_dark = INT64_MAX;
	for (size_t i = 0; i < s->backend_count; i++)
		if (!ever_dark(s, s->backends[i].region))
			return 0;
	k.schedules = calloc(RULES_MAX, sizeof(*k.schedules));
	k.zones = calloc(RULES_MAX, sizeof(*k.zones));
	k.entries = calloc(s->daylight_count, sizeof(*k.entries));
	if (!k.schedules || !k.zones || !k.entries)
		return -ENOMEM;
	for (size_t i = 0; i < s->backend_count && !err; i++)
		if (is_first_there(s, i))
			err = skies_add(m, s, s->backends[i].region, &k);
	if (!err)
		*ret_dark = schedules_dark(k.schedules, k.count);
	return err;
}

static size_t first_dark(const struct service *s)
{
	size_t i = 0;

	while (i + 1 < s->daylight_count && s->daylights[i].entry.weight)
		i++;
	return i;
}

static int check_dark(const struct model *m, const struct service *s, struct model_error *ret)
{
	time_t seconds;
	char when[32];
	struct tm tm;
	int64_t dark;
	int err;

	if (!s->daylight_count || !s->backend_count)
		return 0;
	err = find_dark(m, s, &dark);
	if (err || dark == INT64_MAX)
		return err;
	seconds = dark / 1000;
	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%a %d %b, %H:%M", &tm);
	*ret = (struct model_error){ .service = s, .at = PART_DAYLIGHT, .index = first_dark(s) };
	return why_set(&ret->why, -EINVAL, "schedule of service %s: want a weight above 0 in one of its regions at any time, all are 0 on %s UTC",
		 s->name, when);
}

int conf_validate(const struct model *m, const struct model *before, struct model_error *ret)
{
	int err = model_validate(m, ret) ?: check_timezones(m, before, ret);

	for (size_t i = 0; i < m->service_count && !err; i++)
		err = check_dark(m, &m->services[i], ret);
	if (err == -ENOMEM)
		*ret = (struct model_error){ .why = { "out of memory" } };
	return err;
}
