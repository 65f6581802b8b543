// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/yaml.h"

#include <libfyaml.h>
#include <stdint.h>
#include <string.h>

#include "base/why.h"
#include "conf/scan.h"

#define SHOWN_BYTES 64

/*
 * A value in the form that a message can carry: short, in one line, and no character cut in
 * half.
 */
static const char *shown(const char *text, char buf[SHOWN_BYTES + 4])
{
	size_t len = strnlen(text, SHOWN_BYTES + 1);

	if (!len) {
		strcpy(buf, "\"\"");
	} else if (len > SHOWN_BYTES) {
		len = SHOWN_BYTES;
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		memcpy(buf, text, len);
		strcpy(buf + len, "...");
	} else {
		memcpy(buf, text, len + 1);
	}
	for (unsigned char *c = (unsigned char *)buf; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	return buf;
}

/*
 * Refuses with the first error in the library's own words. Some of its errors have no
 * location: then the current node's is used.
 */
static int not_yaml(struct yaml *y)
{
	struct fy_diag_error *e;
	char buf[SHOWN_BYTES + 4];
	void *at = NULL;

	while ((e = fy_diag_errors_iterate(y->diag, &at))) {
		struct location place = { e->line, e->column };

		if (e->type == FYET_ERROR && e->msg)
			return location_fail(y->err, y->name, e->line > 0 ? place : y->at,
					  "%s: want YAML", shown(e->msg, buf));
	}
	return location_fail(y->err, y->name, y->at, "what follows: want YAML 1.2");
}

/* Keeps the library from printing to stderr; its errors are collected instead. */
static void say_nothing(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
	(void)diag;
	(void)user;
	(void)buf;
	(void)len;
}

static struct fy_diag *diag_new(void)
{
	struct fy_diag_cfg cfg;
	struct fy_diag *diag;

	fy_diag_cfg_default(&cfg);
	cfg.fp = NULL;
	cfg.output_fn = say_nothing;
	cfg.level = FYET_ERROR;
	diag = fy_diag_create(&cfg);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

int yaml_open(const char *name, const char *text, size_t len, struct why *err,
	      struct yaml *ret)
{
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG };
	int wrong;

	*ret = (struct yaml){ .name = name, .err = err, .at = { 1, 1 } };
	wrong = scan_text(name, text, len, err);
	if (wrong)
		return wrong;
	ret->diag = diag_new();
	if (!ret->diag)
		return conf_no_memory(err, name);
	cfg.diag = ret->diag;
	ret->parser = fy_parser_create(&cfg);
	if (!ret->parser || fy_parser_set_string(ret->parser, text, len))
		return conf_no_memory(err, name);
	return 0;
}

void yaml_close(struct yaml *y)
{
	if (y->parser)
		fy_parser_destroy(y->parser);
	if (y->diag)
		fy_diag_destroy(y->diag);
}

/*
 * Sets the location to where the token begins: `before` columns to the left of what the
 * library calls its start.
 */
static void set_place(struct yaml *y, struct fy_token *token, int before)
{
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

	if (mark)
		y->at = (struct location){ mark->line + 1, mark->column + 1 - before };
}

/*
 * Reads a scalar chunk by chunk, and no more than is wanted. In libfyaml 0.7.12,
 * fy_token_get_text() leaks memory on a scalar with many escapes, and fy_token_iter_read()
 * loses bytes.
 */
static int read_text(struct yaml *y, struct fy_token *token, size_t *ret_len)
{
	struct fy_token_iter *iter = fy_token_iter_create(token);
	const struct fy_iter_chunk *chunk = NULL;
	size_t len = 0, room = sizeof(y->text) - 1;
	int err = 0;

	if (!iter)
		return conf_no_memory(y->err, y->name);
	while (room && (chunk = fy_token_iter_chunk_next(iter, chunk, &err))) {
		size_t part = chunk->len < room ? chunk->len : room;

		memcpy(y->text + len, chunk->str, part);
		len += part;
		room -= part;
	}
	fy_token_iter_destroy(iter);
	if (err)
		return location_fail(y->err, y->name, y->at, "what follows: want text");
	*ret_len = len;
	return 0;
}

static int set_scalar(struct yaml *y, struct fy_token *token)
{
	enum fy_scalar_style style = token ? fy_scalar_token_get_style(token) : FYSS_PLAIN;
	size_t len = 0;
	int err;

	/* An empty value has no location of its own; its key's location stays. */
	set_place(y, token, style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED);
	err = token ? read_text(y, token, &len) : 0;
	if (err)
		return err;
	y->text[len] = '\0';
	if (strlen(y->text) != len)
		return location_fail(y->err, y->name, y->at, "text with a NUL: want none");
	y->null = style == FYSS_PLAIN &&
		  (!len || !strcmp(y->text, "null") || !strcmp(y->text, "~"));
	y->kind = YAML_SCALAR;
	return 0;
}

static int refuse_token(struct yaml *y, struct fy_token *token, const char *what, int before)
{
	set_place(y, token, before);
	return location_fail(y->err, y->name, y->at,
			  "%s: want the value itself, without anchors, aliases or tags", what);
}

static int check_plain(struct yaml *y, struct fy_token *anchor, struct fy_token *tag)
{
	if (anchor)
		return refuse_token(y, anchor, "anchor", 1);
	if (tag)
		return refuse_token(y, tag, "tag", 0);
	return 0;
}

/* Fills y from an event of the library; *ret_found: the event is a node. */
static int event_read(struct yaml *y, const struct fy_event *e, bool *ret_found)
{
	int err = 0;

	*ret_found = true;
	switch (e->type) {
	case FYET_SCALAR:
		err = check_plain(y, e->scalar.anchor, e->scalar.tag);
		return err ? err : set_scalar(y, e->scalar.value);
	case FYET_MAPPING_START:
		err = check_plain(y, e->mapping_start.anchor, e->mapping_start.tag);
		set_place(y, e->mapping_start.mapping_start, 0);
		y->kind = YAML_MAPPING;
		return err;
	case FYET_SEQUENCE_START:
		err = check_plain(y, e->sequence_start.anchor, e->sequence_start.tag);
		set_place(y, e->sequence_start.sequence_start, 0);
		y->kind = YAML_SEQUENCE;
		return err;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		y->kind = YAML_CLOSE;
		return 0;
	case FYET_STREAM_END:
		y->kind = YAML_END;
		return 0;
	case FYET_ALIAS:
		return refuse_token(y, e->alias.anchor, "alias", 1);
	case FYET_DOCUMENT_START:
		set_place(y, e->document_start.document_start, 0);
		if (y->started)
			return location_fail(y->err, y->name, y->at, "second document: want one");
		y->started = true;
		break;
	default:
		break;
	}
	*ret_found = false;
	return 0;
}

int yaml_next(struct yaml *y)
{
	bool found = false;
	int err = 0;

	while (!found && !err) {
		struct fy_event *e = fy_parser_parse(y->parser);

		if (!e)
			return not_yaml(y);
		err = event_read(y, e, &found);
		fy_parser_event_free(y->parser, e);
	}
	return err;
}

int yaml_refuse(const struct yaml *y, const char *what, const char *want)
{
	char buf[SHOWN_BYTES + 4];

	switch (y->kind) {
	case YAML_SCALAR:
		if (y->null && !*y->text)
			break;
		return location_fail(y->err, y->name, y->at, "%s %s: want %s", what,
				  shown(y->text, buf), want);
	case YAML_MAPPING:
		return location_fail(y->err, y->name, y->at, "%s: want %s, not a mapping", what, want);
	case YAML_SEQUENCE:
		return location_fail(y->err, y->name, y->at, "%s: want %s, not a list", what, want);
	default:
		break;
	}
	return location_fail(y->err, y->name, y->at, "%s without a value: want %s", what, want);
}
