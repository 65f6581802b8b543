// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/parts.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/util.h"
#include "base/why.h"
#include "cli/common/args.h"
#include "conf/conf.h"
#include "core/model/model.h"
#include "core/value/prefix.h"
#include "core/value/prefix_set.h"
#include "proto/proto.h"

char *parts_directory(const char *path)
{
	_free_ char *copy = strdup(path);

	return copy ? realpath(dirname(copy), NULL) : NULL;
}

static int no_memory(void)
{
	fprintf(stderr, "xring: no memory\n");
	return EXIT_NO;
}

/* How much of a text fits in one part: no character is cut in two. */
static size_t part_len(const char *text, size_t len)
{
	if (len <= PROTO_PART_BYTES)
		return len;
	len = PROTO_PART_BYTES;
	while (len > PROTO_PART_BYTES - 4 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static int parts_add(json_t *requests, const char *path, const char *of, const char *text,
		     size_t len)
{
	do {
		size_t part = part_len(text, len);
		json_t *value = json_stringn(text, part);

		if (!value)
			return words_wrong("%s: want text in UTF-8", path);
		if (json_array_append_new(requests, json_pack("{ssssso}", "do", "part", "of", of,
							      "text", value)))
			return no_memory();
		text += part;
		len -= part;
	} while (len);
	return 0;
}

/* The networks are printed again: of a file's text nothing else leaves this command. */
static int list_add(json_t *requests, const struct prefix_set *set)
{
	char text[PREFIX_TEXT + 1];
	struct buffer b = {};
	int err = 0, code;

	for (size_t i = 0; i < set->list.count && !err; i++) {
		prefix_print(&set->list.prefixes[i], text);
		strcat(text, "\n");
		err = buffer_append(&b, text, strlen(text));
	}
	code = err ? no_memory() :
	       parts_add(requests, set->file, set->file, b.data + b.start, buffer_len(&b));
	buffer_clear(&b);
	return code;
}

static int lists_add(json_t *requests, const struct model *m)
{
	struct conf_lists lists = {};
	int code = conf_lists_of(m, &lists) ? no_memory() : 0;

	for (size_t i = 0; i < lists.count && !code; i++)
		code = list_add(requests, lists.sets[i]);
	conf_lists_clear(&lists);
	return code;
}

int parts_read(const char *path, json_t *requests)
{
	_free_ char *text = NULL;
	struct model m;
	struct why why;
	size_t len;
	int code;
	int err = conf_read(path, &text, &len, &why);

	if (err) {
		fprintf(stderr, "xring: %s\n", why.text);
		return EXIT_NO;
	}
	code = parts_add(requests, path, PROTO_PART_TEXT, text, len);
	if (code)
		return code;
	err = conf_parse(path, text, len, &m, NULL, &why);
	if (err)
		return err == -ENOMEM ? no_memory() : words_wrong("%s", why.text);
	code = lists_add(requests, &m);
	model_clear(&m);
	return code;
}
