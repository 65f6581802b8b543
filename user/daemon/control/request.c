// SPDX-License-Identifier: GPL-2.0-or-later
/* The arguments of requests, and answers that refuse. */
#include "daemon/control/request.h"

#include <errno.h>
#include <stdarg.h>

#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "proto/proto.h"

int answer_no(struct answer *a, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	why_set_va(&a->why, 0, fmt, args);
	va_end(args);
	a->code = code;
	return -EINVAL;
}

int answer_memory(struct answer *a)
{
	return answer_no(a, EXIT_NO, "no memory");
}

int answer_data(struct answer *a, json_t *data)
{
	a->data = data;
	return data ? 0 : answer_memory(a);
}

const char *request_text(const json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

bool request_flag(const json_t *request, const char *key)
{
	return json_is_true(json_object_get(request, key));
}

const char *request_need(const json_t *request, const char *key, struct answer *a)
{
	const char *text = request_text(request, key);

	if (!text)
		answer_no(a, EXIT_WORDS, "%s: want a text", key);
	return text;
}

struct service *request_service(const struct model *m, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "service", a);
	struct service *s = name ? model_service(m, name) : NULL;

	if (name && !s)
		answer_no(a, EXIT_NO, "service %s: no such service", name);
	return s;
}

int request_service_or_all(const struct model *m, const json_t *request, struct answer *a,
			   struct service **ret)
{
	*ret = NULL;
	if (!request_text(request, "service"))
		return 0;
	*ret = request_service(m, request, a);
	return *ret ? 0 : -EINVAL;
}

int answer_wrong(struct answer *a, const char *what, const char *value, const char *want)
{
	return answer_no(a, EXIT_WORDS, "%s %s: want %s", what, value, want);
}

struct change_entry *request_change(const struct engine *e, const json_t *request,
				    struct answer *a)
{
	json_int_t id = json_integer_value(json_object_get(request, "id"));
	struct change_entry *entry = changes_find(e->changes, id);

	if (!entry)
		answer_no(a, EXIT_NO, "change %lld: no such change", (long long)id);
	return entry;
}
