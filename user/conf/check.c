// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "base/why.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/check_text.h"

struct reading {
	struct check_draft draft;
	struct location at[CHECK_KEYS];
};

static int read_value(struct reader *r, enum check_key key, struct reading *to)
{
	char what[32];

	snprintf(what, sizeof(what), "check %s", check_key_word(key));
	if (r->yaml.kind != YAML_SCALAR || check_set(&to->draft, key, r->yaml.text))
		return yaml_refuse(&r->yaml, what, check_key_want(key));
	to->at[key] = r->yaml.at;
	return 0;
}

static int read_key_value(struct reader *r, void *to)
{
	enum check_key key;

	/* reader_fields() has refused all other keys. */
	if (check_key_parse(r->key, &key))
		return -EINVAL;
	return read_value(r, key, to);
}

static int read_mapping(struct reader *r, struct reading *to)
{
	struct field fields[CHECK_KEYS];

	for (int i = 0; i < CHECK_KEYS; i++)
		fields[i] = (struct field){ check_key_word((enum check_key)i), read_key_value };
	return reader_fields(r, "check", fields, CHECK_KEYS, to);
}

int read_check(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct reading reading = { .draft.given = 0 };
	struct why why;
	enum check_key key;
	int err;

	s->check = r->yaml.at;
	if (r->yaml.kind == YAML_MAPPING)
		err = read_mapping(r, &reading);
	else if (r->yaml.kind == YAML_SCALAR && !reader_is_null(r))
		err = read_value(r, CHECK_KEY_TYPE, &reading);
	else
		return yaml_refuse(&r->yaml, "check", "a type or a mapping with one");
	if (err || !check_finish(&reading.draft, &s->service.check, &key, &why))
		return err;
	return reader_fail(r, reading.at[key].line ? reading.at[key] : s->check, "%s", why.text);
}
