// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/why.h"
#include "core/value/number.h"


int reader_fail(struct reader *r, struct location at, const char *fmt, ...)
{
	char message[sizeof(r->yaml.err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return location_fail(r->yaml.err, r->yaml.name, at, "%s", message);
}

int reader_no_memory(struct reader *r)
{
	return conf_no_memory(r->yaml.err, r->yaml.name);
}

/* Refuses the current node if it is of another kind. */
static int expect(struct reader *r, enum yaml_kind kind, const char *what, const char *want)
{
	return r->yaml.kind == kind ? 0 : yaml_refuse(&r->yaml, what, want);
}

bool reader_is_null(const struct reader *r)
{
	return r->yaml.kind == YAML_SCALAR && r->yaml.null;
}

bool reader_is_nothing(const struct reader *r)
{
	return r->source->remembered && reader_is_null(r);
}

/* Steps to the next key or element of a mapping or list; *ret is false at its end. */
static int step_in(struct reader *r, bool *ret)
{
	int err = yaml_next(&r->yaml);

	if (!err)
		*ret = r->yaml.kind != YAML_CLOSE;
	return err;
}

static int unknown_key(struct reader *r, const struct field *fields, size_t count)
{
	char want[YAML_TEXT] = "";
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%s",
					!i ? "" : i + 1 < count ? ", " : " or ", fields[i].key);
	return yaml_refuse(&r->yaml, "unknown key", want);
}

static const struct field *find_field(const struct reader *r, const struct field *fields,
				      size_t count)
{
	if (r->yaml.kind != YAML_SCALAR)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(fields[i].key, r->yaml.text))
			return &fields[i];
	return NULL;
}

int reader_fields(struct reader *r, const char *what, const struct field *fields, size_t count,
		void *to)
{
	int err = expect(r, YAML_MAPPING, what, "a mapping");
	unsigned seen = 0;
	bool more = true;

	while (!err) {
		const struct field *field;
		unsigned bit;

		err = step_in(r, &more);
		if (err || !more)
			break;
		field = find_field(r, fields, count);
		if (!field)
			return unknown_key(r, fields, count);
		bit = 1u << (field - fields);
		if (seen & bit)
			return reader_fail(r, r->yaml.at, "key %s: want it once", field->key);
		seen |= bit;
		err = yaml_next(&r->yaml);
		r->key = field->key;
		if (!err)
			err = field->read(r, to);
	}
	return err;
}

int reader_names(struct reader *r, const char *what,
	       int (*each)(struct reader *r, void *to), void *to)
{
	bool more = true;
	int err;

	if (reader_is_nothing(r))
		return 0;
	err = expect(r, YAML_MAPPING, what, "a mapping of names ({} for none)");
	while (!err) {
		err = step_in(r, &more);
		if (err || !more)
			break;
		err = each(r, to);
	}
	return err;
}

int reader_list(struct reader *r, const char *what,
	      int (*each)(struct reader *r, void *to), void *to)
{
	int err = expect(r, YAML_SEQUENCE, what, "a list");
	bool more = true;

	while (!err) {
		err = step_in(r, &more);
		if (err || !more)
			break;
		err = each(r, to);
	}
	return err;
}

int reader_bool(struct reader *r, const char *what, bool *ret)
{
	bool yes = r->yaml.kind == YAML_SCALAR && !strcmp(r->yaml.text, "true");

	if (!yes && (r->yaml.kind != YAML_SCALAR || strcmp(r->yaml.text, "false")))
		return yaml_refuse(&r->yaml, what, "true or false");
	*ret = yes;
	return 0;
}

int reader_unsigned(struct reader *r, const char *what, const char *want, uint32_t min,
		  uint32_t max, uint32_t *ret)
{
	if (r->yaml.kind != YAML_SCALAR || unsigned_parse(r->yaml.text, min, max, ret))
		return yaml_refuse(&r->yaml, what, want);
	return 0;
}
