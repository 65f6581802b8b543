// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/home_text.h"
#include "core/model/placement.h"

static int read_value(struct reader *r, void *to)
{
	struct home *home = to;
	enum home_key key;
	char what[32];

	if (!home_key_parse(r->key, &key) && r->yaml.kind == YAML_SCALAR &&
	    !home_set(home, key, r->yaml.text))
		return 0;
	snprintf(what, sizeof(what), "home %s", r->key);
	return yaml_refuse(&r->yaml, what, home_key_want(key));
}

static const struct field home_fields[] = {
	{ "prefix4", read_value },
	{ "prefix6", read_value },
	{ "threshold", read_value },
	{ "for", read_value },
	{ "moves", read_value },
	{ "count", read_value },
};

int read_home(struct reader *r, struct home *ret)
{
	*ret = home_default();
	if (r->yaml.kind == YAML_SCALAR && !strcmp(r->yaml.text, "follow"))
		return 0;
	if (r->yaml.kind != YAML_MAPPING)
		return yaml_refuse(&r->yaml, "home", WANT_HOME);
	return reader_fields(r, "home", home_fields, ARRAY_SIZE(home_fields), ret);
}
