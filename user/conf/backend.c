// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/placement.h"
#include "core/model/text.h"
#include "core/value/name.h"
#include "core/value/number.h"

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
	int err = reader_unsigned(r, "port", WANT_PORT, 1, UINT16_MAX, &port);

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

static int read_state(struct reader *r, void *to)
{
	struct backend_draft *b = to;

	if (r->yaml.kind != YAML_SCALAR || state_parse(r->yaml.text, &b->backend.state))
		return yaml_refuse(&r->yaml, "state", WANT_STATE);
	return 0;
}

/* Whether the model has a region of that name is only known at the end of the file. */
static int read_backend_region(struct reader *r, void *to)
{
	struct backend_draft *b = to;

	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "region", WANT_NAME);
	strcpy(b->backend.region, r->yaml.text);
	b->region = r->yaml.at;
	return 0;
}

static int read_tag(struct reader *r, void *to)
{
	struct backend_draft *b = to;

	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "tag", WANT_TAG);
	switch (tags_add(b->backend.tags, r->yaml.text)) {
	case 0:
		return 0;
	case -EEXIST:
		return yaml_refuse(&r->yaml, "tag", "it once");
	default:
		return yaml_refuse(&r->yaml, "tag", WANT_TAGS);
	}
}

static int read_tags(struct reader *r, void *to)
{
	return reader_list(r, "tags", read_tag, to);
}

static const struct field backend_fields[] = {
	{ "address", read_address },
	{ "port", read_port },
	{ "weight", read_weight },
	{ "state", read_state },
	{ "region", read_backend_region },
	{ "tags", read_tags },
};

int read_backend(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct backend_draft *b;
	char what[YAML_TEXT];
	int err;

	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "backend", WANT_NAME);
	b = draft_backend_add(s, r->yaml.text, r->yaml.at);
	if (!b)
		return reader_no_memory(r);
	snprintf(what, sizeof(what), "backend %s", b->backend.name);
	err = yaml_next(&r->yaml);
	if (err)
		return err;
	if (r->yaml.kind == YAML_SCALAR && !reader_is_null(r))
		return read_address(r, b);
	if (r->yaml.kind != YAML_MAPPING)
		return yaml_refuse(&r->yaml, what, "an address or a mapping with one");
	err = reader_fields(r, what, backend_fields, ARRAY_SIZE(backend_fields), b);
	if (!err && !b->backend.address.family)
		return reader_fail(r, b->at, "%s without an address: want " WANT_ENDPOINT, what);
	return err;
}
