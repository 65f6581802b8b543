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

static const char *noun(const struct reading *of)
{
	return of->draft.check.kind == CHECK_AGENT ? "agent" : "check";
}

static int read_value(struct reader *r, enum check_key key, struct reading *to)
{
	char what[32];

	snprintf(what, sizeof(what), "%s %s", noun(to), check_key_word(key));
	if (r->yaml.kind != YAML_SCALAR || check_set(&to->draft, key, r->yaml.text))
		return yaml_refuse(&r->yaml, what, check_key_want(key));
	to->at[key] = r->yaml.at;
	return 0;
}

static int read_arg(struct reader *r, void *to)
{
	return read_value(r, CHECK_KEY_ARGS, to);
}

static int read_key_value(struct reader *r, void *to)
{
	enum check_key key;

	/* reader_fields() has refused all other keys. */
	if (check_key_parse(r->key, &key))
		return -EINVAL;
	if (key == CHECK_KEY_ARGS && r->yaml.kind == YAML_SEQUENCE)
		return reader_list(r, "check args", read_arg, to);
	return read_value(r, key, to);
}

static int read_mapping(struct reader *r, struct reading *to)
{
	bool is_agent = to->draft.check.kind == CHECK_AGENT;
	struct field fields[CHECK_KEYS];
	size_t count = 0;

	for (int i = 0; i < CHECK_KEYS; i++)
		if (!is_agent || check_has_key(CHECK_AGENT, (enum check_key)i))
			fields[count++] = (struct field){ check_key_word((enum check_key)i),
							  read_key_value };
	return reader_fields(r, noun(to), fields, count, to);
}

/* Makes a check of what was read, or says at which of its keys, or at `at`, it is wrong. */
static int finish(struct reader *r, const struct reading *reading, struct location at,
		  struct check *ret)
{
	struct why why;
	enum check_key key;

	if (!check_finish(&reading->draft, ret, &key, &why))
		return 0;
	return reader_fail(r, reading->at[key].line ? reading->at[key] : at, "%s", why.text);
}

int read_check(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct reading reading = { .draft.given = 0 };
	int err;

	s->check = r->yaml.at;
	if (r->yaml.kind == YAML_MAPPING)
		err = read_mapping(r, &reading);
	else if (r->yaml.kind == YAML_SCALAR && !reader_is_null(r))
		err = read_value(r, CHECK_KEY_TYPE, &reading);
	else
		return yaml_refuse(&r->yaml, "check", "a type or a mapping with one");
	return err ?: finish(r, &reading, s->check, &s->service.check);
}

int read_agent(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct reading reading = { .draft = agent_draft() };
	struct location at = r->yaml.at;

	return read_mapping(r, &reading) ?: finish(r, &reading, at, &s->service.agent);
}
