// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "conf/conf.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "conf/zones.h"
#include "core/model/placement.h"
#include "core/value/name.h"

static int read_timezone(struct reader *r, void *to)
{
	struct region_draft *region = to;
	int err = -EINVAL;

	region->timezone = r->yaml.at;
	if (r->yaml.kind == YAML_SCALAR && *r->yaml.text &&
	    strlen(r->yaml.text) < sizeof(region->region.timezone))
		err = r->source->remembered ? 0 : zone_check(r->yaml.text, r->source->before);
	if (err == -ENOMEM)
		return reader_no_memory(r);
	if (err)
		return yaml_refuse(&r->yaml, "timezone", WANT_TIMEZONE);
	strcpy(region->region.timezone, r->yaml.text);
	return 0;
}

static int read_region_prefixes(struct reader *r, void *to)
{
	struct region_draft *region = to;

	return read_prefixes(r, "prefixes", &region->region.clients);
}

static const struct field region_fields[] = {
	{ "timezone", read_timezone },
	{ "prefixes", read_region_prefixes },
};

int read_region(struct reader *r, void *to)
{
	struct region_draft *region;
	char what[YAML_TEXT];
	int err;

	(void)to;
	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "region", WANT_NAME);
	if (r->drafts->region_count == REGIONS_MAX)
		return reader_fail(r, r->yaml.at, "region %s: want at most %d of them", r->yaml.text,
				 REGIONS_MAX);
	region = draft_region_add(r->drafts, r->yaml.text, r->yaml.at);
	if (!region)
		return reader_no_memory(r);
	snprintf(what, sizeof(what), "region %s", region->region.name);
	err = yaml_next(&r->yaml);
	if (err || reader_is_nothing(r))
		return err;
	return reader_fields(r, what, region_fields, ARRAY_SIZE(region_fields), region);
}
