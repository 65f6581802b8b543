// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "conf/draft.h"
#include "conf/reader.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include "core/model/key.h"
#include "core/model/mode.h"
#include "core/model/setting.h"
#include "core/value/address.h"
#include "core/value/name.h"
#include "core/value/number.h"

static int read_one_vip(struct reader *r, void *to)
{
	struct service_draft *s = to;
	struct vip vip;

	if (r->yaml.kind != YAML_SCALAR || vip_parse(r->yaml.text, &vip))
		return yaml_refuse(&r->yaml, "vip", WANT_VIP);
	if (draft_vip_add(s, &vip, r->yaml.at))
		return reader_no_memory(r);
	return 0;
}

static int read_vip(struct reader *r, void *to)
{
	if (r->yaml.kind == YAML_SEQUENCE)
		return reader_list(r, "vip", read_one_vip, to);
	return read_one_vip(r, to);
}

static int read_mode(struct reader *r, void *to)
{
	struct service_draft *s = to;

	if (r->yaml.kind != YAML_SCALAR || mode_parse(r->yaml.text, &s->service.mode))
		return yaml_refuse(&r->yaml, "mode", mode_want());
	s->mode = r->yaml.at;
	return 0;
}

#define WANT_KEY_PREFIX "client-prefix of at most /32 for IPv4 and 128 for IPv6"

/* Has the text the form of a key with lengths, so that only its numbers can be wrong? */
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
			return yaml_refuse(&r->yaml, "key", WANT_KEY_PREFIX);
	}
	return yaml_refuse(&r->yaml, "key", key_want());
}

static int read_vnodes(struct reader *r, void *to)
{
	struct service_draft *s = to;

	return reader_unsigned(r, "vnodes", WANT_VNODES, 1, VNODES_MAX, &s->service.vnodes);
}

static int read_setting(struct reader *r, void *to)
{
	const struct setting *f = setting_find(NULL, r->key);
	struct service_draft *s = to;

	if (r->yaml.kind != YAML_SCALAR || setting_parse(f, r->yaml.text, &s->service))
		return yaml_refuse(&r->yaml, f->key, f->want);
	return 0;
}

int reader_setting(struct reader *r, const char *group, struct service *to)
{
	const struct setting *f = setting_find(group, r->key);
	char what[32];

	snprintf(what, sizeof(what), "%s %s", group, f->key);
	if (r->yaml.kind != YAML_SCALAR || setting_parse(f, r->yaml.text, to))
		return yaml_refuse(&r->yaml, what, f->want);
	return 0;
}

static int read_hot_value(struct reader *r, void *to)
{
	return reader_setting(r, "hot", &((struct service_draft *)to)->service);
}

static const struct field hot_fields[] = {
	{ "factor", read_hot_value },
	{ "floor", read_hot_value },
	{ "hold", read_hot_value },
	{ "shards", read_hot_value },
	{ "auto", read_hot_value },
	{ "proven", read_hot_value },
};

static int read_hot(struct reader *r, void *to)
{
	return reader_fields(r, "hot", hot_fields, ARRAY_SIZE(hot_fields), to);
}

static int read_gue_value(struct reader *r, void *to)
{
	return reader_setting(r, "gue", &((struct service_draft *)to)->service);
}

static const struct field gue_fields[] = {
	{ "variant", read_gue_value },
	{ "port", read_gue_value },
};

static int read_gue(struct reader *r, void *to)
{
	return reader_fields(r, "gue", gue_fields, ARRAY_SIZE(gue_fields), to);
}

static int read_backends(struct reader *r, void *to)
{
	struct service_draft *s = to;

	s->has_backends = true;
	return reader_names(r, "backends", read_backend, to);
}

static const struct field service_fields[] = {
	{ "vip", read_vip },
	{ "mode", read_mode },
	{ "key", read_key },
	{ "vnodes", read_vnodes },
	{ "weight_unit", read_setting },
	{ "drain", read_setting },
	{ "tcp_idle", read_setting },
	{ "udp_idle", read_setting },
	{ "slow_start", read_setting },
	{ "panic", read_setting },
	{ "all_down", read_setting },
	{ "bound", read_setting },
	{ "tunnel_source", read_setting },
	{ "mss", read_setting },
	{ "too_big", read_setting },
	{ "dscp", read_setting },
	{ "gue", read_gue },
	{ "hot", read_hot },
	{ "check", read_check },
	{ "agent", read_agent },
	{ "placement", read_placement },
	{ "schedule", read_schedule },
	{ "backends", read_backends },
};

int read_service(struct reader *r, void *to)
{
	struct service_draft *s;
	char what[YAML_TEXT];
	int err;

	(void)to;
	if (r->yaml.kind != YAML_SCALAR || !name_valid(r->yaml.text))
		return yaml_refuse(&r->yaml, "service", WANT_NAME);
	s = drafts_add(r->drafts, r->yaml.text, r->yaml.at);
	if (!s)
		return reader_no_memory(r);
	snprintf(what, sizeof(what), "service %s", s->service.name);
	err = yaml_next(&r->yaml);
	if (!err)
		err = reader_fields(r, what, service_fields, ARRAY_SIZE(service_fields), s);
	if (err)
		return err;
	if (!s->service.vip_count)
		return reader_fail(r, s->at, "%s without a vip: want " WANT_VIP, what);
	if (!s->mode.line)
		return reader_fail(r, s->at, "%s without a mode: want %s", what, mode_want());
	if (!s->has_backends && !r->source->remembered)
		return reader_fail(r, s->at, "%s without backends: want a mapping of names "
				   "({} for none)", what);
	return 0;
}
