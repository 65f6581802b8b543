// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "core/model/model.h"
#include "daemon/control/request.h"
#include "daemon/engine/engine.h"

#define PIECES 256			/* in one turn, whatever time is left */

struct turns {
	const struct engine *engine;
	struct view_list list;
	bool alone;			/* the answer is the service itself, and no list */
	char **names;			/* of the services that there were at first */
	size_t count, at;
	size_t backend;			/* the next of service `at` */
	bool begun, open;		/* the answer; service `at` in it */
	bool one_service, one_backend;	/* was told: the next has a comma before it */
	struct shares shares;		/* of service `at` */
};

void turns_free(struct turns *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->names && i < t->count; i++)
		free(t->names[i]);
	free(t->names);
	free(t->shares.of);
	json_decref(t->list.members);
	free(t);
}

static bool names_take(struct turns *t, const struct model *m, const struct service *only)
{
	t->count = only ? 1 : m->service_count;
	t->names = calloc(t->count + 1, sizeof(*t->names));
	for (size_t i = 0; t->names && i < t->count; i++) {
		t->names[i] = strdup(only ? only->name : m->services[i].name);
		if (!t->names[i])
			return false;
	}
	return t->names;
}

int turns_begin(struct answer *a, const struct engine *e, const struct view_list *list,
		const struct service *only, bool alone)
{
	struct turns *t = calloc(1, sizeof(*t));

	if (!t) {
		json_decref(list->members);
		return answer_memory(a);
	}
	*t = (struct turns){ .engine = e, .list = *list, .alone = alone };
	if (!names_take(t, &e->model, only)) {
		turns_free(t);
		return answer_memory(a);
	}
	a->turns = t;
	return 0;
}

/* ---- pieces of text ---- */

static int put(struct buffer *to, const char *text)
{
	return buffer_append(to, text, strlen(text));
}

static int put_some(const char *text, size_t len, void *to)
{
	return buffer_append(to, text, len) ? -1 : 0;
}

/* Takes the reference; json NULL: no memory. */
static int put_json(struct buffer *to, const char *before, json_t *json)
{
	int err = put(to, before);

	if (!err && (!json || json_dump_callback(json, put_some, to, JSON_COMPACT)))
		err = -ENOMEM;
	json_decref(json);
	return err;
}

/* An object to which one more member is added, which is a list. */
static int put_open(struct buffer *to, const char *before, json_t *object, const char *key)
{
	bool empty = !json_object_size(object);
	int err = put_json(to, before, object);

	if (err)
		return err;
	to->end--;			/* its end */
	return put(to, empty ? "\"" : ",\"") ?: put(to, key) ?: put(to, "\":[");
}

/* ---- the answer ---- */

static int begin(struct turns *t, struct buffer *to)
{
	int err = put(to, "{\"ok\":true,\"data\":");

	t->begun = true;
	if (err || t->alone)
		return err;
	return t->list.members ? put_open(to, "", json_incref(t->list.members), t->list.key) :
				 put(to, "[");
}

static int end(const struct turns *t, struct buffer *to)
{
	return put(to, t->alone ? "}\n" : t->list.members ? "]}}\n" : "]}\n");
}

static int service_begin(struct turns *t, const struct service *s, struct buffer *to)
{
	const char *before = t->one_service ? "," : "";

	t->open = true;
	t->backend = 0;
	t->shares = shares_of(t->engine, s);
	if (!t->list.service)
		return 0;
	t->one_service = true;
	t->one_backend = false;
	return put_open(to, before, t->list.service(t->engine, s), "backends");
}

static int service_end(struct turns *t, struct buffer *to)
{
	t->open = false;
	t->at++;
	free(t->shares.of);
	t->shares = (struct shares){};
	return t->list.service ? put(to, "]}") : 0;
}

/* s: service `at`; NULL: it has gone. */
static int piece(struct turns *t, const struct service *s, struct buffer *to)
{
	const char *before = t->one_backend ? "," : "";
	json_t *json = NULL;

	if (!t->open && s)
		return service_begin(t, s, to);
	if (!t->open) {
		t->at++;
		return 0;
	}
	if (!s || !t->list.backend(t->engine, s, t->backend, &t->shares, &json))
		return service_end(t, to);
	t->backend++;
	t->one_backend = true;
	return put_json(to, before, json);
}

int turns_more(struct turns *t, struct buffer *to, uint64_t ns)
{
	uint64_t until = clock_ns() + ns;
	const struct service *s = NULL;
	size_t found = SIZE_MAX;
	int err = t->begun ? 0 : begin(t, to);
	unsigned pieces = 0;

	while (!err && t->at < t->count) {
		if (found != t->at) {
			s = model_service(&t->engine->model, t->names[t->at]);
			found = t->at;
		}
		err = piece(t, s, to);
		if ((clock_ns() >= until || ++pieces == PIECES) && t->at < t->count)
			return err;
	}
	return err ?: end(t, to) ?: 1;
}
