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

/* Each text has been validated by the verb's form (proto/verbs.h): parsing it cannot fail. */

static int set_vips(struct service *s, const json_t *list, struct answer *a)
{
	const json_t *item;
	size_t i;

	if (list)
		s->vip_count = 0;
	json_array_foreach(list, i, item) {
		const char *text = json_string_value(item);
		struct vip vip = {};

		vip_parse(text, &vip);
		switch (service_vip_add(s, &vip)) {
		case 0:
			break;
		case -EEXIST:
			return answer_no(a, EXIT_WORDS, "vip %s: want it once", text);
		default:
			return answer_memory(a);
		}
	}
	return 0;
}

static void set_settings(struct service *s, const json_t *request)
{
	size_t n;
	const struct setting *all = settings(NULL, &n);

	for (size_t i = 0; i < n; i++) {
		const char *text = request_text(request, all[i].key);

		if (text)
			setting_parse(&all[i], text, s);
	}
}

static int set_service(struct service *s, const json_t *request, struct answer *a)
{
	const char *mode = request_text(request, "mode"), *key = request_text(request, "key");
	const char *vnodes = request_text(request, "vnodes"), *hot = request_text(request, "hot");
	const char *gue = request_text(request, "gue");
	const char *check = request_text(request, "check"), *agent = request_text(request, "agent");

	if (mode)
		mode_parse(mode, &s->mode);
	if (key)
		key_parse(key, &s->key);
	if (vnodes)
		vnodes_parse(vnodes, &s->vnodes);
	if (gue)
		settings_parse("gue", gue, s, &a->why);
	if (hot)
		settings_parse("hot", hot, s, &a->why);
	if (check)
		check_parse(check, &s->check, &a->why);
	if (agent)
		check_parse_agent(agent, &s->agent, &a->why);
	set_settings(s, request);
	return set_vips(s, json_object_get(request, "vips"), a);
}

static void set_backend(struct backend *b, const json_t *request)
{
	const char *address = request_text(request, "address");
	const char *weight = request_text(request, "weight");
	const char *region = request_text(request, "region");
	const json_t *tags = json_object_get(request, "tags"), *tag;
	size_t i;

	if (address)
		endpoint_parse(address, &b->address, &b->port);
	if (weight)
		weight_parse(weight, &b->weight);
	if (region)
		strcpy(b->region, region);
	if (tags)
		b->tags[0] = '\0';	/* the list replaces the present tags */
	json_array_foreach(tags, i, tag)
		tags_add(b->tags, json_string_value(tag));
}

int edit_service_add(struct model *m, const json_t *request, struct answer *a)
{
	const char *name = request_need(request, "service", a);
	struct service *s;
	int err;

	if (!name)
		return -EINVAL;
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

	if (!name)
		return -EINVAL;
	err = service_backend_add(s, name, &b);
	if (err == -EEXIST)
		return answer_no(a, EXIT_NO, "service %s: backend %s: there is one of that name",
				 s->name, name);
	if (err)
		return answer_memory(a);
	set_backend(b, request);
	return 0;
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

	if (!b)
		return -EINVAL;
	set_backend(b, request);
	return 0;
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
	struct interface *interface = model_interface(m, request_text(request, "interface"));

	if (interface)
		interface->no_program = false;

	return err && err != -EEXIST ? answer_no(a, EXIT_NO, "attached, but not kept: %s",
						 errno_text(-err)) : 0;
}

int edit_detach(struct model *m, const json_t *request, struct answer *a)
{
	(void)a;
	model_interface_remove(m, request_text(request, "interface"));
	return 0;
}
