// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/print.h"

#include <stdio.h>
#include <string.h>

#include <xring/abi.h>

#include "base/util.h"
#include "conf/conf.h"
#include "core/model/check_text.h"
#include "core/model/setting.h"
#include "core/model/text.h"
#include "core/model/tunnel_source.h"
#include "core/model/vlans.h"
#include "core/value/number.h"

static void print_address(FILE *f, const struct address *a)
{
	char text[ADDRESS_TEXT];

	print_text(f, address_print(a, text));
}

static void print_backend(FILE *f, const struct backend *b)
{
	char text[WEIGHT_TEXT];

	fputs("      ", f);
	print_text(f, b->name);
	fputs(": ", f);
	if (!b->port && b->weight == WEIGHT_ONE && b->state == BACKEND_ACTIVE &&
	    !*b->region && !*b->tags) {
		print_address(f, &b->address);
		fputc('\n', f);
		return;
	}
	fputs("{address: ", f);
	print_address(f, &b->address);
	if (b->port)
		fprintf(f, ", port: %u", b->port);
	if (b->weight != WEIGHT_ONE)
		fprintf(f, ", weight: %s", weight_print(b->weight, text));
	if (b->state != BACKEND_ACTIVE)
		fprintf(f, ", state: %s", state_print(b->state));
	print_backend_place(f, b);
	fputs("}\n", f);
}

static void print_vip(FILE *f, const struct vip *vip)
{
	char text[VIP_TEXT];

	vip_print(vip, text);
	fprintf(f, text[0] == '[' ? " \"%s\"\n" : " %s\n", text);
}

static void print_vips(FILE *f, const struct service *s)
{
	fputs("    vip:", f);
	if (s->vip_count == 1) {
		print_vip(f, s->vips);
		return;
	}
	fputc('\n', f);
	for (size_t i = 0; i < s->vip_count; i++) {
		fputs("      -", f);
		print_vip(f, &s->vips[i]);
	}
}

static void print_settings(FILE *f, const struct service *s)
{
	struct service normal;
	char text[SETTING_TEXT];
	size_t count;
	const struct setting *all = settings(NULL, &count);

	service_init(&normal);
	for (size_t i = 0; i < count; i++)
		if (!setting_equal(&all[i], s, &normal))
			fprintf(f, "    %s: %s\n", all[i].key, setting_print(&all[i], s, text));
}

/* The settings of a group that are not as they are by default, as a mapping. */
static void print_group(FILE *f, const char *indent, const char *group, const struct service *s)
{
	struct service normal;
	char text[SETTING_TEXT];
	size_t count, printed = 0;
	const struct setting *all = settings(group, &count);

	service_init(&normal);
	for (size_t i = 0; i < count; i++) {
		if (setting_equal(&all[i], s, &normal))
			continue;
		if (!printed++)
			fprintf(f, "%s%s: {", indent, group);
		else
			fputs(", ", f);
		fprintf(f, "%s: %s", all[i].key, setting_print(&all[i], s, text));
	}
	fputs(printed ? "}\n" : "", f);
}

static void print_args(FILE *f, const struct check *c)
{
	const char *arg = NULL, *before = "[";
	char text[CHECK_ARGS];
	size_t len;

	while ((arg = check_arg(c, arg, &len))) {
		snprintf(text, sizeof(text), "%.*s", (int)len, arg);
		fputs(before, f);
		print_text(f, text);
		before = ", ";
	}
	fputc(']', f);
}

static void print_check(FILE *f, const char *word, const struct check *c)
{
	const char *before = "{";
	char text[CHECK_VALUE_TEXT];

	if (c->kind == CHECK_NONE)
		return;
	fprintf(f, "    %s: ", word);
	for (int i = 0; i < CHECK_KEYS; i++) {
		enum check_key key = (enum check_key)i;

		if (!check_has_key(c->kind, key) || check_is_default(c, key))
			continue;
		fprintf(f, "%s%s: ", before, check_key_word(key));
		if (key == CHECK_KEY_ARGS)
			print_args(f, c);
		else
			print_text(f, check_print(c, key, text));
		before = ", ";
	}
	fputs("}\n", f);
}

static void print_service(FILE *f, const struct service *s)
{
	char text[KEY_TEXT];

	fputs("  ", f);
	print_text(f, s->name);
	fputs(":\n", f);
	print_vips(f, s);
	fprintf(f, "    mode: %s\n", mode_print(s->mode));
	if (!key_is_flow(&s->key))
		fprintf(f, "    key: %s\n", key_print(&s->key, text));
	if (s->vnodes != VNODES_DEFAULT)
		fprintf(f, "    vnodes: %u\n", s->vnodes);
	print_settings(f, s);
	print_group(f, "    ", "gue", s);
	print_group(f, "    ", "hot", s);
	print_check(f, "check", &s->check);
	print_check(f, "agent", &s->agent);
	print_placement(f, s);
	print_schedule(f, s);
	fputs(s->backend_count ? "    backends:\n" : "    backends: {}\n", f);
	for (size_t i = 0; i < s->backend_count; i++)
		print_backend(f, &s->backends[i]);
}

static void print_interface(FILE *f, const struct interface *interface)
{
	char text[VLANS_TEXT];
	const char *vlans = vlans_print(interface, text);
	bool more = *interface->region || interface->any_mac || interface->no_program || *vlans;

	fputs(more ? "{name: " : "", f);
	print_text(f, interface->name);
	if (*interface->region) {
		fputs(", region: ", f);
		print_text(f, interface->region);
	}
	if (interface->no_program)
		fputs(", attach: false", f);
	if (interface->any_mac)
		fputs(", any_mac: true", f);
	if (*vlans)
		fprintf(f, ", vlans: %s", vlans);
	fputs(more ? "}" : "", f);
}

static void print_interfaces(FILE *f, const struct model *m)
{
	if (!m->interface_count)
		return;
	fputs("interfaces: [", f);
	for (size_t i = 0; i < m->interface_count; i++) {
		fputs(i ? ", " : "", f);
		print_interface(f, &m->interfaces[i]);
	}
	fputs("]\n", f);
}

/*
 * Prints {key: value, ...} with the pairs whose value is not empty; prints nothing if there
 * is none.
 */
static void print_pairs(FILE *f, const char *key, const char *const pairs[][2], size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!*pairs[i][1])
			continue;
		if (any)
			fputs(", ", f);
		else
			fprintf(f, "%s: {", key);
		fprintf(f, "%s: %s", pairs[i][0], pairs[i][1]);
		any = true;
	}
	if (any)
		fputs("}\n", f);
}

#define NUMBER_TEXT 16

static const char *number(uint32_t value, uint32_t normal, char buf[NUMBER_TEXT])
{
	buf[0] = '\0';
	if (value != normal)
		snprintf(buf, NUMBER_TEXT, "%u", value);
	return buf;
}

static void print_numbers(FILE *f, const struct model *m)
{
	char interval[WEIGHT_TEXT] = "", changes[NUMBER_TEXT], cells[NUMBER_TEXT];
	char backends[NUMBER_TEXT], networks[NUMBER_TEXT], fragments[NUMBER_TEXT];
	const char *const flush[][2] = {
		{ "interval", interval },
		{ "changes", number(m->flush_changes, FLUSH_CHANGES, changes) },
	};
	const char *const limits[][2] = {
		{ "cells", number(m->limit_cells, XRING_CELLS, cells) },
		{ "backends", number(m->limit_backends, XRING_BACKENDS, backends) },
		{ "networks", number(m->limit_networks, 0, networks) },
		{ "fragments", number(m->limit_fragments, XRING_FRAGMENTS, fragments) },
	};

	if (m->flush_interval_ms != FLUSH_INTERVAL_MS)
		weight_print(m->flush_interval_ms, interval);
	print_pairs(f, "flush", flush, ARRAY_SIZE(flush));
	print_pairs(f, "limits", limits, ARRAY_SIZE(limits));
	if (m->pins != PINS_DEFAULT)
		fprintf(f, "pins: %u\n", m->pins);
	if (!m->reload_guard)
		fputs("reload_guard: false\n", f);
}

static void print_model(FILE *f, const struct model *m)
{
	char source[TUNNEL_SOURCE_TEXT];

	fputs("hash_key: ", f);
	for (size_t i = 0; i < HASH_KEY_BYTES; i++)
		fprintf(f, "%02x", m->hash_key[i]);
	fputc('\n', f);
	print_interfaces(f, m);
	print_numbers(f, m);
	if (m->tunnel_source)
		fprintf(f, "tunnel_source: %s\n", tunnel_source_print(m->tunnel_source, source));
	print_group(f, "", "gue", &(struct service){ .gue = m->gue });
	if (m->echo_passes)
		fputs("echo: pass\n", f);
	print_regions(f, m);
	fputs(m->service_count ? "services:\n" : "services: {}\n", f);
	for (size_t i = 0; i < m->service_count; i++)
		print_service(f, &m->services[i]);
	fputs(CONF_END "\n", f);
}

char *conf_print(const struct model *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool failed;

	if (!f)
		return NULL;
	print_model(f, m);
	failed = ferror(f);
	if (fclose(f) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
