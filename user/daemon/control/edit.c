// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests that edit a copy of the model. */
#include "daemon/control/edit.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/why.h"
#include "core/model/check_text.h"
#include "core/model/setting.h"
#include "core/model/text.h"
#include "core/value/number.h"
#include "daemon/control/request.h"
#include "proto/proto.h"

static int set_vips(struct service *s, const json_t *list, struct answer *a)
{
	const json_t *item;
	size_t i;

	if (!list)
		return 0;
	s->vip_count = 0;
	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item) ?: "";
		struct vip vip;

		if (vip_parse(text, &vip))
			return answer_wrong(a, "vip", text, WANT_VIP);
		switch (service_vip_add(s, &vip)) {
		case 0:
			break;
		case -EEXIST:
			return answer_wrong(a, "vip", text, "it once");
		default:
			return answer_memory(a);
		}
	}
	return 0;
}

static int set_settings(struct service *s, const json_t *request, struct answer *a)
{
	size_t n;
	const struct setting *all = settings(NULL, &n);

	for (size_t i = 0; i < n; i++) {
		const char *text = request_text(request, all[i].key);

		if (text && setting_parse(&all[i], text, s))
			return answer_wrong(a, all[i].key, text, all[i].want);
	}
	return 0;
}

static int set_hot(struct service *s, const json_t *request, struct answer *a)
{
	const char *text = request_text(request, "hot");
	struct why why;

	if (text && settings_parse("hot", text, s, &why))
		return answer_no(a, EXIT_WORDS, "%s", why.text);
	return 0;
}

static int set_check(struct service *s, const json_t *request, struct answer *a)
{
	const char *text = request_text(request, "check");
	struct why why;

	if (text && check_parse(text, &s->check, &why))
		return answer_no(a, EXIT_WORDS, "%s", why.text);
	return 0;
}

static int set_service(struct service *s, const json_t *request, struct answer *a)
{
	const char *mode = request_text(request, "mode");
	const char *key = request_text(request, "key");
	const char *vnodes = request_text(request, "vnodes");

	if (mode && mode_parse(mode, &s->mode))
		return answer_wrong(a, "mode", mode, mode_want());
	if (key && key_parse(key, &s->key))
		return answer_wrong(a, "key", key, key_want());
	if (vnodes && vnodes_parse(vnodes, &s->vnodes))
		return answer_wrong(a, "vnodes", vnodes, WANT_VNODES);
	return set_settings(s, request, a) ?: set_hot(s, request, a) ?:
	       set_check(s, request, a) ?: set_vips(s, json_object_get(request, "vips"), a);
}

/* All of them: the list replaces what there is. */
static int set_tags(struct backend *b, const json_t *list, struct answer *a)
{
	const json_t *item;
	size_t i;

	if (list && !json_is_array(list))
		return answer_no(a, EXIT_WORDS, "tags: want a list");
	if (list)
		b->tags[0] = '\0';
	json_array_foreach(list, i, item) {
		const char *tag = json_string_value(item) ?: "";

		if (!name_valid(tag))
			return answer_wrong(a, "tag", tag, WANT_TAG);
		switch (tags_add(b->tags, tag)) {
		case 0:
			break;
		case -EEXIST:
			return answer_wrong(a, "tag", tag, "it once");
		default:
			return answer_wrong(a, "tag", tag, WANT_TAGS);
		}
	}
	return 0;
}

static int set_region(struct backend *b, const char *region, struct answer *a)
{
	if (!region)
		return 0;
	if (*region && !name_valid(region))
		return answer_wrong(a, "region", region, WANT_NAME);
	strcpy(b->region, region);
	return 0;
}

static int set_backend(struct backend *b, const json_t *request, struct answer *a)
{
	const char *address = request_text(request, "address");
	const char *weight = request_text(request, "weight");

	if (address && endpoint_parse(address, &b->address, &b->port))
		return answer_wrong(a, "address", address, WANT_ENDPOINT);
	if (weight && weight_parse(weight, &b->weight))
		return answer_wrong(a, "weight", weight, WANT_WEIGHT);
	return set_region(b, request_text(request, "region"), a) ?:
	       set_tags(b, json_object_get(request, "tags"), a);
}

int edit_service_add(struct model *m, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "service", a);
	struct service *s;
	int err;

	if (!name)
		return -EINVAL;
	if (!name_valid(name))
		return answer_wrong(a, "service", name, WANT_NAME);
	if (!request_text(request, "mode"))
		return answer_no(a, EXIT_WORDS, "service %s: want a mode", name);
	err = model_service_add(m, name, &s);
	if (err == -EEXIST)
		return answer_no(a, EXIT_NO, "service %s: there is one of that name", name);
	return err ? answer_memory(a) : set_service(s, request, a);
}

int edit_service_set(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);

	return s ? set_service(s, request, a) : -EINVAL;
}

int edit_service_del(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);

	if (!s)
		return -EINVAL;
	model_service_remove(m, request_text(request, "service"));
	return 0;
}

int edit_backend_add(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);
	const char *name = s ? request_need(request, "name", a) : NULL;
	struct backend *b;
	int err;

	if (!name || !request_need(request, "address", a))
		return -EINVAL;
	if (!name_valid(name))
		return answer_wrong(a, "backend", name, WANT_NAME);
	err = service_backend_add(s, name, &b);
	if (err == -EEXIST)
		return answer_no(a, EXIT_NO, "service %s: backend %s: there is one of that name",
				 s->name, name);
	return err ? answer_memory(a) : set_backend(b, request, a);
}

static struct backend *request_backend(struct service *s, const json_t *request,
				       struct answer *a)
{
	const char *name = request_need(request, "name", a);
	struct backend *b = name ? service_backend(s, name) : NULL;

	if (name && !b)
		answer_no(a, EXIT_NO, "service %s: backend %s: no such backend", s->name, name);
	return b;
}

int edit_backend_set(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);
	struct backend *b = s ? request_backend(s, request, a) : NULL;

	return b ? set_backend(b, request, a) : -EINVAL;
}

int edit_backend_del(struct model *m, const json_t *request, struct answer *a)
{
	struct service *s = request_service(m, request, a);

	if (!s || !request_backend(s, request, a))
		return -EINVAL;
	service_backend_remove(s, request_text(request, "name"));
	return 0;
}

static int edit_state(struct model *m, const json_t *request, enum backend_state state,
		      struct answer *a)
{
	struct service *s = request_service(m, request, a);
	struct backend *b = s ? request_backend(s, request, a) : NULL;

	if (!b)
		return -EINVAL;
	b->state = state;
	return 0;
}

int edit_drain(struct model *m, const json_t *request, struct answer *a)
{
	return edit_state(m, request, BACKEND_DRAINING, a);
}

int edit_maintenance(struct model *m, const json_t *request, struct answer *a)
{
	return edit_state(m, request, BACKEND_MAINTENANCE, a);
}

int edit_active(struct model *m, const json_t *request, struct answer *a)
{
	return edit_state(m, request, BACKEND_ACTIVE, a);
}

int edit_attach(struct model *m, const json_t *request, struct answer *a)
{
	int err = model_interface_add(m, request_text(request, "interface"));

	return err && err != -EEXIST ? answer_no(a, EXIT_NO, "attached, but not kept: %s",
						 errno_text(-err)) : 0;
}

int edit_detach(struct model *m, const json_t *request, struct answer *a)
{
	(void)a;
	model_interface_remove(m, request_text(request, "interface"));
	return 0;
}
