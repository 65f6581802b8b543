// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schema. A mapping with known keys is a static table of {key, function}; the
 * function is called with the value at hand and leaves when the value is over.
 * The depth of the calls is that of the schema, whatever the file holds.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "conf/draft.h"
#include "core/text.h"

#define INTERVAL_MAX_MS 60000u
#define CHANGES_MAX 100000u
#define CELLS_MIN 64u
#define CELLS_MAX (1u << 28)
#define BACKENDS_MIN 2u
#define BACKENDS_MAX 32767u
#define INTERFACES_MAX 1024u

#define WANT_INTERVAL "0 to 60 seconds in steps of 0.001"
#define WANT_CHANGES "1 to 100000"
#define WANT_CELLS "64 to 268435456"
#define WANT_BACKENDS "2 to 32767"
#define WANT_INTERFACE "1 to 15 printable ASCII characters without white space, / and :"
#define WANT_PREFIX "client-prefix of at most /32 for IPv4 and 128 for IPv6"
#define WANT_HASH_KEY_MADE WANT_HASH_KEY ", which openssl rand -hex 16 makes"

struct reader {
	struct yaml yaml;
	struct model *model;
	struct conf_places *drafts;
	bool has_hash_key;
};

struct field {
	const char *key;
	int (*read)(struct reader *r, void *to);
};

__attribute__((format(printf, 3, 4)))
static int fail(struct reader *r, struct place at, const char *fmt, ...)
{
	char message[sizeof(r->yaml.err->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return place_fail(r->yaml.err, r->yaml.name, at, "%s", message);
}

static int no_memory(struct reader *r)
{
	return conf_no_memory(r->yaml.err, r->yaml.name);
}

/* The node at hand must be of that kind. */
static int expect(struct reader *r, enum yaml_kind kind, const char *what, const char *want)
{
	return r->yaml.kind == kind ? 0 : yaml_refuse(&r->yaml, what, want);
}

static bool is_null(const struct reader *r)
{
	return r->yaml.kind == YAML_SCALAR && r->yaml.null;
}

/* On to the next key or element, or out: *ret is false. */
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

/* A mapping with known keys, each at most once. */
static int read_fields(struct reader *r, const char *what, const struct field *fields,
		       size_t count, void *to)
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
			return fail(r, r->yaml.at, "key %s: want it once", field->key);
		seen |= bit;
		err = yaml_next(&r->yaml);
		if (!err)
			err = field->read(r, to);
	}
	return err;
}

/* A mapping of names, or nothing; each() is called at the name. */
static int read_names(struct reader *r, const char *what,
		      int (*each)(struct reader *r, void *to), void *to)
{
	bool more = true;
	int err;

	if (is_null(r))
		return 0;
	err = expect(r, YAML_MAPPING, what, "a mapping of names");
	while (!err) {
		err = step_in(r, &more);
		if (err || !more)
			break;
		err = each(r, to);
	}
	return err;
}

/* A list; each() is called at its elements. */
static int read_list(struct reader *r, const char *what,
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

static int read_unsigned(struct reader *r, const char *what, const char *want, uint32_t min,
			 uint32_t max, uint32_t *ret)
{
	if (r->yaml.kind != YAML_SCALAR || unsigned_parse(r->yaml.text, min, max, ret))
		return yaml_refuse(&r->yaml, what, want);
	return 0;
}

/* backend */

static int read_address(struct reader *r, void *to)
{
	struct backend_draft *b = to;
	uint16_t port;

	if (r->yaml.kind != YAML_SCALAR ||
	    endpoint_parse(r->yaml.text, &b->backend.address, &port))
		return yaml_refuse(&r->yaml, "address", WANT_ENDPOINT);
	b->address = r->yaml.at;
	if (!port)
		return 0;
	if (b->backend.port)
		return yaml_refuse(&r->yaml, "address", "one without a port, as there is a port");
	b->backend.port = port;
	b->port = r->yaml.at;
	return 0;
}

static int read_port(struct reader *r, void *to)
{
	struct backend_draft *b = to;
	uint32_t port;
	int err = read_unsigned(r, "port", WANT_PORT, 1, UINT16_MAX, &port);

	if (err)
		return err;
	if (b->backend.port)
		return yaml_refuse(&r->yaml, "port", "none, as the address has one");
	b->backend.port = (uint16_t)port;
	b->port = r->yaml.at;
	return 0;
}

static int read_weight(struct reader *r, void *to)
{
	struct backend_draft *b = to;

	if (r->yaml.kind != YAML_SCALAR || weight_parse(r->yaml.text, &b->backend.weight))
		return yaml_refuse(&r->yaml, "weight", WANT_WEIGHT);
	return 0;
}

static const struct field backend_fields[] = {
	{ "address", read_address },
	{ "port", read_port },
	{ "weight", read_weight },
};

static int read_backend(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct backend_draft *b;
	char what[YAML_TEXT];
	int err;

	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "backend", WANT_NAME);
	b = draft_backend_add(s, r->yaml.text, r->yaml.at);
	if (!b)
		return no_memory(r);
	snprintf(what, sizeof(what), "backend %s", b->backend.name);
	err = yaml_next(&r->yaml);
	if (err)
		return err;
	if (r->yaml.kind == YAML_SCALAR && !is_null(r))
		return read_address(r, b);
	if (r->yaml.kind != YAML_MAPPING)
		return yaml_refuse(&r->yaml, what, "an address or a mapping with one");
	err = read_fields(r, what, backend_fields, ARRAY_SIZE(backend_fields), b);
	if (!err && !b->backend.address.family)
		return fail(r, b->at, "%s without an address: want " WANT_ENDPOINT, what);
	return err;
}

/* service */

static int read_one_vip(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct vip vip;

	if (r->yaml.kind != YAML_SCALAR || vip_parse(r->yaml.text, &vip))
		return yaml_refuse(&r->yaml, "vip", WANT_VIP);
	if (draft_vip_add(s, &vip, r->yaml.at))
		return no_memory(r);
	return 0;
}

static int read_vip(struct reader *r, void *to)
{
	if (r->yaml.kind == YAML_SEQUENCE)
		return read_list(r, "vip", read_one_vip, to);
	return read_one_vip(r, to);
}

static int read_mode(struct reader *r, void *to)
{
	struct service_draft *s = to;

	if (r->yaml.kind != YAML_SCALAR || mode_parse(r->yaml.text, &s->service.mode))
		return yaml_refuse(&r->yaml, "mode", WANT_MODE);
	s->mode = r->yaml.at;
	return 0;
}

/* A key of the right form whose numbers alone are wrong. */
static bool is_long_prefix(const char *text)
{
	static const char prefix[] = "client-prefix/";

	if (strncmp(text, prefix, strlen(prefix)))
		return false;
	text += strlen(prefix);
	return *text && strspn(text, "0123456789,") == strlen(text);
}

static int read_key(struct reader *r, void *to)
{
	struct service_draft *s = to;

	if (r->yaml.kind == YAML_SCALAR) {
		if (!key_parse(r->yaml.text, &s->service.key))
			return 0;
		if (is_long_prefix(r->yaml.text))
			return yaml_refuse(&r->yaml, "key", WANT_PREFIX);
	}
	return yaml_refuse(&r->yaml, "key", WANT_KEY);
}

static int read_vnodes(struct reader *r, void *to)
{
	struct service_draft *s = to;

	return read_unsigned(r, "vnodes", WANT_VNODES, 1, VNODES_MAX, &s->service.vnodes);
}

static int read_backends(struct reader *r, void *to)
{
	return read_names(r, "backends", read_backend, to);
}

static const struct field service_fields[] = {
	{ "vip", read_vip },
	{ "mode", read_mode },
	{ "key", read_key },
	{ "vnodes", read_vnodes },
	{ "backends", read_backends },
};

static int read_service(struct reader *r, void *to)
{
	struct service_draft *s;
	char what[YAML_TEXT];
	int err;

	(void)to;
	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "service", WANT_NAME);
	s = drafts_add(r->drafts, r->yaml.text, r->yaml.at);
	if (!s)
		return no_memory(r);
	snprintf(what, sizeof(what), "service %s", s->service.name);
	err = yaml_next(&r->yaml);
	if (!err)
		err = read_fields(r, what, service_fields, ARRAY_SIZE(service_fields), s);
	if (err)
		return err;
	if (!s->service.vip_count)
		return fail(r, s->at, "%s without a vip: want " WANT_VIP, what);
	if (!s->mode.line)
		return fail(r, s->at, "%s without a mode: want " WANT_MODE, what);
	return 0;
}

/* the whole */

static int read_hash_key(struct reader *r, void *to)
{
	(void)to;
	/* A secret with a slip in it is a secret still: no message shows it. */
	if (r->yaml.kind != YAML_SCALAR || hash_key_parse(r->yaml.text, r->model->hash_key))
		return fail(r, r->yaml.at, "hash_key: want " WANT_HASH_KEY_MADE);
	r->has_hash_key = true;
	return 0;
}

/* What the kernel takes as a name, but for bytes beyond ASCII. */
static bool interface_valid(const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/' || *c == ':')
			return false;
	return *name != '\0';
}

static int read_interface(struct reader *r, void *to)
{
	struct yaml *y = &r->yaml;

	(void)to;
	if (y->kind != YAML_SCALAR || !interface_valid(y->text))
		return yaml_refuse(y, "interface", WANT_INTERFACE);
	if (r->model->interface_count == INTERFACES_MAX)
		return fail(r, y->at, "interface %s: want at most %u of them", y->text,
			    INTERFACES_MAX);
	switch (model_interface_add(r->model, y->text)) {
	case 0:
		return 0;
	case -EEXIST:
		return yaml_refuse(y, "interface", "it once");
	case -ENAMETOOLONG:
		return yaml_refuse(y, "interface", WANT_INTERFACE);
	default:
		return no_memory(r);
	}
}

static int read_interfaces(struct reader *r, void *to)
{
	return is_null(r) ? 0 : read_list(r, "interfaces", read_interface, to);
}

static int read_interval(struct reader *r, void *to)
{
	uint32_t ms;

	(void)to;
	/* Thousandths of seconds are written as those of weights are. */
	if (r->yaml.kind != YAML_SCALAR || weight_parse(r->yaml.text, &ms) ||
	    ms > INTERVAL_MAX_MS)
		return yaml_refuse(&r->yaml, "interval", WANT_INTERVAL);
	r->model->flush_interval_ms = ms;
	return 0;
}

static int read_changes(struct reader *r, void *to)
{
	(void)to;
	return read_unsigned(r, "changes", WANT_CHANGES, 1, CHANGES_MAX,
			     &r->model->flush_changes);
}

static const struct field flush_fields[] = {
	{ "interval", read_interval },
	{ "changes", read_changes },
};

static int read_flush(struct reader *r, void *to)
{
	if (is_null(r))
		return 0;
	return read_fields(r, "flush", flush_fields, ARRAY_SIZE(flush_fields), to);
}

static int read_cells(struct reader *r, void *to)
{
	(void)to;
	return read_unsigned(r, "cells", WANT_CELLS, CELLS_MIN, CELLS_MAX,
			     &r->model->limit_cells);
}

static int read_limit_backends(struct reader *r, void *to)
{
	(void)to;
	return read_unsigned(r, "backends", WANT_BACKENDS, BACKENDS_MIN, BACKENDS_MAX,
			     &r->model->limit_backends);
}

static const struct field limit_fields[] = {
	{ "cells", read_cells },
	{ "backends", read_limit_backends },
};

static int read_limits(struct reader *r, void *to)
{
	if (is_null(r))
		return 0;
	return read_fields(r, "limits", limit_fields, ARRAY_SIZE(limit_fields), to);
}

static int read_services(struct reader *r, void *to)
{
	return read_names(r, "services", read_service, to);
}

static const struct field file_fields[] = {
	{ "hash_key", read_hash_key },
	{ "interfaces", read_interfaces },
	{ "flush", read_flush },
	{ "limits", read_limits },
	{ "services", read_services },
};

static int read_file(struct reader *r)
{
	struct place start;
	int err = yaml_next(&r->yaml);

	if (err)
		return err;
	start = r->yaml.at;
	if (r->yaml.kind == YAML_END || is_null(r))
		return fail(r, start, "empty file: want a mapping with a hash_key and services");
	err = read_fields(r, "the file", file_fields, ARRAY_SIZE(file_fields), NULL);
	if (!err)
		err = yaml_next(&r->yaml);	/* the end, or what should not follow */
	if (!err && !r->has_hash_key)
		err = fail(r, start, "no hash_key: want " WANT_HASH_KEY_MADE);
	return err;
}

static void drafts_freep(struct conf_places **drafts)
{
	conf_places_free(*drafts);
}

int conf_parse(const char *name, const char *text, size_t len, struct model *ret,
	       struct conf_places **ret_places, struct conf_error *err)
{
	__attribute__((cleanup(drafts_freep))) struct conf_places *drafts = NULL;
	struct model m;
	struct reader r = { .model = &m };
	int failed;

	drafts = calloc(1, sizeof(*drafts));
	if (!drafts)
		return conf_no_memory(err, name);
	drafts->name = strdup(name);
	if (!drafts->name)
		return conf_no_memory(err, name);
	r.drafts = drafts;
	model_init(&m);
	failed = yaml_open(name, text, len, err, &r.yaml);
	if (!failed)
		failed = read_file(&r);
	yaml_close(&r.yaml);
	if (!failed)
		failed = drafts_finish(drafts, &m, err);
	if (failed) {
		model_clear(&m);
		return failed;
	}
	*ret = m;
	if (ret_places)
		*ret_places = take_ptr(drafts);
	return 0;
}
