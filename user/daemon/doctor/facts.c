// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/doctor/facts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"
#include "base/why.h"

/* ---- the tables, as data ---- */

struct field {
	const char *name;
	size_t offset;
	bool text;
};

#define TEXT_FIELD(member) { #member, offsetof(struct STRUCT, member), true },
#define NUMBER_FIELD(member) { #member, offsetof(struct STRUCT, member), false },

#define STRUCT host_facts
static const struct field host_fields[] = { HOST_FACTS(TEXT_FIELD, NUMBER_FIELD) };
#undef STRUCT
#define STRUCT balancer_facts
static const struct field balancer_fields[] = { BALANCER_FACTS(TEXT_FIELD, NUMBER_FIELD) };
#undef STRUCT
#define STRUCT device_facts
static const struct field device_fields[] = { DEVICE_FACTS(TEXT_FIELD, NUMBER_FIELD) };
#undef STRUCT
#define STRUCT vip_facts
static const struct field vip_fields[] = { VIP_FACTS(TEXT_FIELD, NUMBER_FIELD) };
#undef STRUCT
#define STRUCT way_facts
static const struct field way_fields[] = { WAY_FACTS(TEXT_FIELD, NUMBER_FIELD) };
#undef STRUCT

/* The fields of one kind of thing, and how long its struct is. */
struct kind {
	const char *name;
	const struct field *fields;
	size_t count, size;
};

#define KIND(word) { #word, word##_fields, ARRAY_SIZE(word##_fields), sizeof(struct word##_facts) }
static const struct kind host_kind = KIND(host), balancer_kind = KIND(balancer),
			 device_kind = KIND(device), vip_kind = KIND(vip), way_kind = KIND(way);

/* ---- one thing ---- */

static void unknown(const struct kind *kind, void *thing)
{
	memset(thing, 0, kind->size);
	for (size_t i = 0; i < kind->count; i++)
		if (!kind->fields[i].text)
			*(int64_t *)((char *)thing + kind->fields[i].offset) = FACT_UNKNOWN;
}

/* What is not known is left out. */
static json_t *thing_json(const struct kind *kind, const void *thing)
{
	json_t *json = json_object();

	for (size_t i = 0; i < kind->count; i++) {
		const struct field *field = &kind->fields[i];
		const void *at = (const char *)thing + field->offset;

		if (field->text ? *(const char *)at != 0 : *(const int64_t *)at != FACT_UNKNOWN)
			json_object_set_new(json, field->name,
					    field->text ? json_string(at) ?: json_string("?") :
							  json_integer(*(const int64_t *)at));
	}
	return json;
}

static const struct field *field_of(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->count; i++)
		if (!strcmp(kind->fields[i].name, name))
			return &kind->fields[i];
	return NULL;
}

static int field_set(const struct field *field, const json_t *value, void *thing)
{
	void *at = (char *)thing + field->offset;

	if (field->text && json_is_string(value) && json_string_length(value) < FACT_TEXT)
		strcpy(at, json_string_value(value));
	else if (!field->text && json_is_integer(value))
		*(int64_t *)at = json_integer_value(value);
	else
		return -EINVAL;
	return 0;
}

static int thing_parse(const struct kind *kind, const json_t *json, void *thing, struct why *why)
{
	const char *name;
	json_t *value;

	unknown(kind, thing);
	if (json && !json_is_object(json))
		return why_set(why, -EINVAL, "%s: want an object of facts", kind->name);
	json_object_foreach((json_t *)json, name, value) {
		const struct field *field = field_of(kind, name);

		if (!field)
			return why_set(why, -EINVAL, "%s: %.40s is no fact", kind->name, name);
		if (field_set(field, value, thing))
			return why_set(why, -EINVAL, "%s: %s: want a %s", kind->name, name,
				       field->text ? "text" : "number");
	}
	return 0;
}

/* ---- lists ---- */

static void *grow(const struct kind *kind, void **list, size_t *count)
{
	void *grown = array_grow(*list, *count, kind->size), *thing;

	if (!grown)
		return NULL;
	*list = grown;
	thing = (char *)grown + kind->size * (*count)++;
	unknown(kind, thing);
	return thing;
}

static json_t *list_json(const struct kind *kind, const void *list, size_t count)
{
	json_t *json = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(json, thing_json(kind, (const char *)list + i * kind->size));
	return json;
}

static int list_parse(const struct kind *kind, const json_t *json, void **list, size_t *count,
		      struct why *why)
{
	for (size_t i = 0; i < json_array_size(json); i++) {
		void *thing = grow(kind, list, count);
		int err = thing ? thing_parse(kind, json_array_get(json, i), thing, why) :
				  why_set(why, -ENOMEM, "no memory");

		if (err)
			return err;
	}
	return 0;
}

/* ---- all ---- */

void facts_init(struct facts *facts)
{
	*facts = (struct facts){};
	unknown(&host_kind, &facts->host);
	unknown(&balancer_kind, &facts->balancer);
}

void facts_clear(struct facts *facts)
{
	free(facts->devices);
	free(facts->vips);
	free(facts->ways);
	*facts = (struct facts){};
}

struct device_facts *facts_add_device(struct facts *facts)
{
	return grow(&device_kind, (void **)&facts->devices, &facts->device_count);
}

struct vip_facts *facts_add_vip(struct facts *facts)
{
	return grow(&vip_kind, (void **)&facts->vips, &facts->vip_count);
}

struct way_facts *facts_add_way(struct facts *facts)
{
	return grow(&way_kind, (void **)&facts->ways, &facts->way_count);
}

struct device_facts *facts_device(const struct facts *facts, uint32_t ifindex)
{
	for (size_t i = 0; i < facts->device_count; i++)
		if (facts->devices[i].ifindex == ifindex)
			return &facts->devices[i];
	return NULL;
}

json_t *facts_json(const struct facts *facts)
{
	return json_pack("{sososososo}", "host", thing_json(&host_kind, &facts->host), "balancer",
			 thing_json(&balancer_kind, &facts->balancer), "devices",
			 list_json(&device_kind, facts->devices, facts->device_count), "vips",
			 list_json(&vip_kind, facts->vips, facts->vip_count), "ways",
			 list_json(&way_kind, facts->ways, facts->way_count));
}

int facts_parse(const json_t *json, struct facts *ret, struct why *why)
{
	struct facts facts;
	int err;

	facts_init(&facts);
	if (!json_is_object(json))
		return why_set(why, -EINVAL, "want an object of facts");
	err = thing_parse(&host_kind, json_object_get(json, "host"), &facts.host, why) ?:
	      thing_parse(&balancer_kind, json_object_get(json, "balancer"), &facts.balancer, why) ?:
	      list_parse(&device_kind, json_object_get(json, "devices"), (void **)&facts.devices,
			 &facts.device_count, why) ?:
	      list_parse(&vip_kind, json_object_get(json, "vips"), (void **)&facts.vips,
			 &facts.vip_count, why) ?:
	      list_parse(&way_kind, json_object_get(json, "ways"), (void **)&facts.ways,
			 &facts.way_count, why);
	if (err)
		facts_clear(&facts);
	else
		*ret = facts;
	return err;
}
