// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buffer.h"
#include "conf/conf.h"
#include "core/value/prefix_set.h"
#include "daemon/control/request.h"
#include "proto/proto.h"

#define BYTES_MAX (512u << 20)		/* of all connections */

struct part {
	char *of;			/* a list's absolute path, or PROTO_PART_TEXT */
	struct buffer text;		/* ends in a NUL */
};

struct parts {
	struct part *list;
	size_t count;
};

static size_t bytes_held;

static struct part *part_find(const struct parts *parts, const char *of)
{
	for (size_t i = 0; parts && i < parts->count; i++)
		if (!strcmp(parts->list[i].of, of))
			return &parts->list[i];
	return NULL;
}

static struct part *part_new(struct parts *parts, const char *of)
{
	struct part *list = array_grow(parts->list, parts->count, sizeof(*list));
	char *copy = list ? strdup(of) : NULL;

	if (list)
		parts->list = list;
	if (!copy)
		return NULL;
	list[parts->count] = (struct part){ .of = copy };
	return &list[parts->count++];
}

int parts_add(struct parts **parts, const json_t *request, struct answer *a)
{
	const char *of = request_need(request, "of", a);
	const char *text = of ? request_need(request, "text", a) : NULL;
	struct part *part;
	size_t len;

	if (!text)
		return -EINVAL;
	len = strlen(text);
	if (bytes_held + len > BYTES_MAX)
		return answer_no(a, EXIT_NO, "part: want at most %u MiB under way", BYTES_MAX >> 20);
	if (!*parts)
		*parts = calloc(1, sizeof(**parts));
	part = *parts ? part_find(*parts, of) ?: part_new(*parts, of) : NULL;
	if (!part)
		return answer_memory(a);
	if (buffer_len(&part->text)) {
		part->text.end--;		/* the NUL */
		bytes_held--;
	}
	if (buffer_append(&part->text, text, len + 1))
		return answer_memory(a);
	bytes_held += len + 1;
	return 0;
}

static const char *part_text(const struct part *part)
{
	return part->text.data + part->text.start;
}

const char *parts_text(const struct parts *parts)
{
	const struct part *part = part_find(parts, PROTO_PART_TEXT);

	return part && buffer_len(&part->text) ? part_text(part) : NULL;
}

/* The set of a list that was sent; NULL, with the answer filled, if it is wrong. */
static struct prefix_set *set_new(const struct part *part, struct answer *a)
{
	struct prefix_list list = {};
	struct prefix_set *set = NULL;
	struct prefix_error why;
	size_t len = buffer_len(&part->text);
	int err = prefix_list_parse(len ? part_text(part) : "", len ? len - 1 : 0, &list, &why);
	char *file;

	if (err == -EINVAL) {
		answer_no(a, EXIT_WORDS, "%.200s:%zu:%zu: %s", part->of, (size_t)why.line,
			  (size_t)why.column, why.why.text);
		return NULL;
	}
	file = err ? NULL : strdup(part->of);
	if (file)
		set = prefix_set_new(file, &list);
	else
		prefix_list_clear(&list);
	if (!set)
		answer_memory(a);
	return set;
}

int parts_lists(const struct parts *parts, struct conf_lists *ret, struct answer *a)
{
	*ret = (struct conf_lists){};
	for (size_t i = 0; parts && i < parts->count; i++) {
		struct prefix_set *set;

		if (parts->list[i].of[0] != '/')
			continue;
		set = set_new(&parts->list[i], a);
		if (!set)
			return -EINVAL;
		if (conf_lists_add(ret, set))
			return answer_memory(a);
	}
	return 0;
}

void parts_free(struct parts *parts)
{
	for (size_t i = 0; parts && i < parts->count; i++) {
		bytes_held -= buffer_len(&parts->list[i].text);
		buffer_clear(&parts->list[i].text);
		free(parts->list[i].of);
	}
	if (parts)
		free(parts->list);
	free(parts);
}
