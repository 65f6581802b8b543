// SPDX-License-Identifier: GPL-2.0-or-later
/* Rates, shares and loads, from two samples of the daemon's counters. */
#include "cli/top/model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/field.h"

/* How much a counter grew; NAN: it is new, or has started again from 0. */
static double growth(const json_t *before, const json_t *after, const char *key)
{
	if (!before || number(after, key) < number(before, key))
		return NAN;
	return number(after, key) - number(before, key);
}

static void traffic_take(const json_t *before, const json_t *after, double seconds,
			 struct top_traffic *ret)
{
	ret->packets = growth(before, after, "packets");
	ret->bytes = growth(before, after, "bytes");
	ret->flows = growth(before, after, "flows");
	ret->packets_s = ret->packets / seconds;
	ret->bits_s = 8 * ret->bytes / seconds;
	ret->flows_s = ret->flows / seconds;
}

/* The item of that name. A list rarely changes, so its old position is tried first. */
static const json_t *named(const json_t *list, const char *name, size_t place)
{
	const json_t *item = json_array_get(list, place);
	size_t i;

	if (item && !strcmp(text(item, "name"), name))
		return item;
	json_array_foreach(list, i, item)
		if (!strcmp(text(item, "name"), name))
			return item;
	return NULL;
}

/* A number; NAN: it is null. */
static double real_or_none(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void backend_take(const json_t *before, const json_t *after, double seconds,
			 struct top_backend *ret)
{
	ret->name = text(after, "name");
	ret->state = text(after, "state");
	ret->ring = real(after, "share");
	ret->load = real_or_none(after, "load");
	ret->pins = number(after, "pins");
	traffic_take(before, after, seconds, &ret->traffic);
}

/*
 * Shares are of the packets that the backends got together; packets dropped for want of a
 * backend do not count.
 */
static void shares_take(struct top_service *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->count; i++)
		if (!isnan(s->backends[i].traffic.packets))
			sum += s->backends[i].traffic.packets;
	for (size_t i = 0; i < s->count; i++)
		s->backends[i].got = sum > 0 ? s->backends[i].traffic.packets / sum : NAN;
}

static int service_take(const json_t *before, const json_t *after, double seconds,
			struct top_service *ret)
{
	const json_t *list = json_object_get(after, "backends"), *item;
	const json_t *old = json_object_get(before, "backends");
	size_t i;

	ret->name = text(after, "name");
	ret->mode = text(after, "mode");
	ret->key = text(after, "key");
	ret->bound = real_or_none(after, "bound");
	ret->pins = number(after, "pins");
	traffic_take(before, after, seconds, &ret->traffic);
	ret->backends = calloc(json_array_size(list) + 1, sizeof(*ret->backends));
	if (!ret->backends)
		return -ENOMEM;
	ret->count = json_array_size(list);
	json_array_foreach(list, i, item)
		backend_take(named(old, text(item, "name"), i), item, seconds,
			     &ret->backends[i]);
	shares_take(ret);
	return 0;
}

/*
 * Seconds between two samples; NAN: there is only one, or the counters have started again
 * from 0.
 */
static double between(const json_t *before, const json_t *after)
{
	double seconds = real(after, "now") - real(before, "now");

	if (!before || !(seconds > 0))
		return NAN;
	return isnan(growth(json_object_get(before, "packets"),
			    json_object_get(after, "packets"), "rx")) ? NAN : seconds;
}

static void packets_take(const json_t *before, const json_t *after, double seconds,
			 struct top_model *m)
{
	m->rx = growth(before, after, "rx") / seconds;
	m->tx = growth(before, after, "tx") / seconds;
	m->pass = growth(before, after, "pass") / seconds;
	m->drop = growth(before, after, "drop") / seconds;
}

int top_model_new(const json_t *before, json_t *after, struct top_model *ret)
{
	const json_t *list = json_object_get(after, "services"), *item, *old;
	struct top_model m = {};
	double seconds = between(before, after);
	size_t i;

	if (isnan(seconds))
		before = NULL;
	old = json_object_get(before, "services");
	m.services = calloc(json_array_size(list) + 1, sizeof(*m.services));
	if (!m.services)
		return -ENOMEM;
	m.data = json_incref(after);
	packets_take(json_object_get(before, "packets"), json_object_get(after, "packets"),
		     seconds, &m);
	json_array_foreach(list, i, item) {
		const json_t *then = named(old, text(item, "name"), i);

		m.count = i + 1;
		if (!service_take(then, item, seconds, &m.services[i]))
			continue;
		top_model_clear(&m);
		return -ENOMEM;
	}
	*ret = m;
	return 0;
}

void top_model_clear(struct top_model *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->services[i].backends);
	free(m->services);
	json_decref(m->data);
	*m = (struct top_model){};
}

/* ---- the order ---- */

double top_backend_value(const struct top_backend *b, enum top_column column)
{
	switch (column) {
	case TOP_PACKETS:
		return b->traffic.packets_s;
	case TOP_BITS:
		return b->traffic.bits_s;
	case TOP_FLOWS:
		return b->traffic.flows_s;
	case TOP_GOT:
		return b->got;
	case TOP_RING:
		return b->ring;
	case TOP_RATIO:
		return b->ring > 0 ? b->got / b->ring : NAN;
	case TOP_LOAD:
		return b->load;
	case TOP_PINS:
		return b->pins;
	default:
		return NAN;
	}
}

struct order {
	enum top_column column;
	int sign;
};

static int by_order(const void *one, const void *other, void *arg)
{
	const struct top_backend *a = one, *b = other;
	const struct order *o = arg;
	double x = top_backend_value(a, o->column), y = top_backend_value(b, o->column);
	int name = strcmp(a->name, b->name);

	if (o->column == TOP_NAME)
		return o->sign * name;
	if (o->column == TOP_STATE)
		return o->sign * strcmp(a->state, b->state) ?: name;
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y) ?: name;
	return o->sign * ((x < y) - (x > y)) ?: name;
}

void top_model_sort(struct top_model *m, enum top_column column, bool reverse)
{
	struct order o = { column, reverse ? -1 : 1 };

	for (size_t i = 0; i < m->count; i++)
		qsort_r(m->services[i].backends, m->services[i].count,
			sizeof(*m->services[i].backends), by_order, &o);
}

/* ---- the room ---- */

static size_t lines_of(const struct top_model *m, size_t room)
{
	size_t lines = m->count;

	for (size_t i = 0; i < m->count; i++)
		lines += m->services[i].count < room ? m->services[i].count : room;
	return lines;
}

size_t top_model_room(const struct top_model *m, size_t lines, size_t *ret_left)
{
	size_t room = 0, used;

	while (room < lines && lines_of(m, room + 1) <= lines)
		room++;
	used = lines_of(m, room);
	*ret_left = used < lines ? lines - used : 0;
	return room;
}
