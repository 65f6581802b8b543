// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file as a whole, and its keys outside of services. */
#include "conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/text.h"
#include "core/model/tunnel_source.h"
#include "core/value/number.h"

#define INTERVAL_MAX_MS 60000u
#define CHANGES_MAX 100000u
#define CELLS_MIN 64u
#define CELLS_MAX (1u << 28)
#define BACKENDS_MIN 2u
#define BACKENDS_MAX 32767u
#define FRAGMENTS_MIN 1024u
#define FRAGMENTS_MAX 16777216u
#define PINS_MIN 1024u
#define PINS_MAX (1u << 24)

#define WANT_INTERVAL "0 to 60 seconds in steps of 0.001"
#define WANT_CHANGES "1 to 100000"
#define WANT_CELLS "64 to 268435456"
#define WANT_BACKENDS "2 to 32767"
#define WANT_FRAGMENTS "1024 to 16777216"
#define NETWORKS_MAX 20000000u
#define WANT_NETWORKS "0 to 20000000"
#define WANT_PINS "1024 to 16777216"
#define WANT_HASH_KEY_MADE WANT_HASH_KEY ", which openssl rand -hex 16 makes"

static int read_hash_key(struct reader *r, void *to)
{
	(void)to;
	/* A secret with a slip in it is still a secret, so that no message shows it. */
	if (r->yaml.kind != YAML_SCALAR || hash_key_parse(r->yaml.text, r->model->hash_key))
		return reader_fail(r, r->yaml.at, "hash_key: want " WANT_HASH_KEY_MADE);
	r->has_hash_key = true;
	return 0;
}

static int read_interval(struct reader *r, void *to)
{
	uint32_t ms;

	(void)to;
	/*
	 * Seconds with 3 decimals are read like weights: the result in thousandths is
	 * milliseconds.
	 */
	if (r->yaml.kind != YAML_SCALAR || weight_parse(r->yaml.text, &ms) ||
	    ms > INTERVAL_MAX_MS)
		return yaml_refuse(&r->yaml, "interval", WANT_INTERVAL);
	r->model->flush_interval_ms = ms;
	return 0;
}

static int read_changes(struct reader *r, void *to)
{
	(void)to;
	return reader_unsigned(r, "changes", WANT_CHANGES, 1, CHANGES_MAX,
			     &r->model->flush_changes);
}

static const struct field flush_fields[] = {
	{ "interval", read_interval },
	{ "changes", read_changes },
};

static int read_flush(struct reader *r, void *to)
{
	if (reader_is_nothing(r))
		return 0;
	return reader_fields(r, "flush", flush_fields, ARRAY_SIZE(flush_fields), to);
}

static int read_cells(struct reader *r, void *to)
{
	(void)to;
	return reader_unsigned(r, "cells", WANT_CELLS, CELLS_MIN, CELLS_MAX,
			     &r->model->limit_cells);
}

static int read_limit_backends(struct reader *r, void *to)
{
	(void)to;
	return reader_unsigned(r, "backends", WANT_BACKENDS, BACKENDS_MIN, BACKENDS_MAX,
			     &r->model->limit_backends);
}

static int read_limit_networks(struct reader *r, void *to)
{
	(void)to;
	return reader_unsigned(r, "networks", WANT_NETWORKS, 0, NETWORKS_MAX,
			     &r->model->limit_networks);
}

static int read_limit_fragments(struct reader *r, void *to)
{
	(void)to;
	return reader_unsigned(r, "fragments", WANT_FRAGMENTS, FRAGMENTS_MIN, FRAGMENTS_MAX,
			       &r->model->limit_fragments);
}

static const struct field limit_fields[] = {
	{ "cells", read_cells },
	{ "backends", read_limit_backends },
	{ "networks", read_limit_networks },
	{ "fragments", read_limit_fragments },
};

static int read_limits(struct reader *r, void *to)
{
	if (reader_is_nothing(r))
		return 0;
	return reader_fields(r, "limits", limit_fields, ARRAY_SIZE(limit_fields), to);
}

static int read_pins(struct reader *r, void *to)
{
	(void)to;
	return reader_unsigned(r, "pins", WANT_PINS, PINS_MIN, PINS_MAX, &r->model->pins);
}

static int read_reload_guard(struct reader *r, void *to)
{
	(void)to;
	return reader_bool(r, "reload_guard", &r->model->reload_guard);
}

static int read_tunnel_source(struct reader *r, void *to)
{
	(void)to;
	if (r->yaml.kind != YAML_SCALAR ||
	    tunnel_source_parse(r->yaml.text, &r->model->tunnel_source))
		return yaml_refuse(&r->yaml, "tunnel_source", WANT_TUNNEL_SOURCE);
	return 0;
}

static int read_gue_value(struct reader *r, void *to)
{
	struct service as = { .gue = r->model->gue };
	int err = reader_setting(r, "gue", &as);

	(void)to;
	r->model->gue = as.gue;
	return err;
}

static const struct field gue_fields[] = {
	{ "variant", read_gue_value },
	{ "port", read_gue_value },
};

static int read_gue(struct reader *r, void *to)
{
	return reader_fields(r, "gue", gue_fields, ARRAY_SIZE(gue_fields), to);
}

static int read_echo(struct reader *r, void *to)
{
	bool passes = r->yaml.kind == YAML_SCALAR && !strcmp(r->yaml.text, "pass");

	(void)to;
	if (!passes && (r->yaml.kind != YAML_SCALAR || strcmp(r->yaml.text, "answer")))
		return yaml_refuse(&r->yaml, "echo", "answer or pass");
	r->model->echo_passes = passes;
	return 0;
}

static int read_regions(struct reader *r, void *to)
{
	return reader_names(r, "regions", read_region, to);
}

static int read_services(struct reader *r, void *to)
{
	r->has_services = true;
	return reader_names(r, "services", read_service, to);
}

static const struct field file_fields[] = {
	{ "hash_key", read_hash_key },
	{ "interfaces", read_interfaces },
	{ "flush", read_flush },
	{ "limits", read_limits },
	{ "pins", read_pins },
	{ "reload_guard", read_reload_guard },
	{ "tunnel_source", read_tunnel_source },
	{ "gue", read_gue },
	{ "echo", read_echo },
	{ "regions", read_regions },
	{ "services", read_services },
};

static int read_file(struct reader *r)
{
	struct location start;
	int err = yaml_next(&r->yaml);

	if (err)
		return err;
	start = r->yaml.at;
	if (r->yaml.kind == YAML_END || reader_is_null(r))
		return reader_fail(r, start, "empty file: want a mapping with a hash_key and services");
	err = reader_fields(r, "the file", file_fields, ARRAY_SIZE(file_fields), NULL);
	if (!err)
		err = yaml_next(&r->yaml);	/* the end of the file, or what must not follow */
	if (!err && !r->has_hash_key)
		err = reader_fail(r, start, "no hash_key: want " WANT_HASH_KEY_MADE);
	if (!err && !r->has_services && !r->source->remembered)
		err = reader_fail(r, start, "no services: want a mapping of names ({} for none)");
	return err;
}

static void drafts_freep(struct conf_locations **drafts)
{
	conf_locations_free(*drafts);
}

int conf_parse_source(const struct conf_source *source, struct model *ret,
		      struct conf_locations **ret_places, struct why *err)
{
	const char *name = source->name;
	__attribute__((cleanup(drafts_freep))) struct conf_locations *drafts = NULL;
	struct model m;
	struct reader r = { .source = source, .model = &m };
	int failed;

	if (source->len > CONF_BYTES_MAX && !source->remembered)
		return location_fail(err, name, (struct location){ 0 }, "%zu bytes: want at most %u",
				     source->len, CONF_BYTES_MAX);
	drafts = calloc(1, sizeof(*drafts));
	if (!drafts)
		return conf_no_memory(err, name);
	drafts->name = strdup(name);
	if (!drafts->name)
		return conf_no_memory(err, name);
	r.drafts = drafts;
	model_init(&m);
	failed = yaml_open(name, source->text, source->len, err, &r.yaml);
	if (!failed)
		failed = read_file(&r);
	yaml_close(&r.yaml);
	conf_lists_clear(&r.files);
	if (!failed)
		failed = drafts_finish(drafts, &m, err);
	if (!failed && !source->remembered)
		failed = drafts_check(drafts, &m, source->before, err);
	if (failed) {
		model_clear(&m);
		return failed;
	}
	*ret = m;
	if (ret_places)
		*ret_places = take_ptr(drafts);
	return 0;
}

int conf_parse(const char *name, const char *text, size_t len, struct model *ret,
	       struct conf_locations **ret_places, struct why *err)
{
	struct conf_source source = { .name = name, .text = text, .len = len };

	return conf_parse_source(&source, ret, ret_places, err);
}
