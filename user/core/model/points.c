// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/points.h"

#include <errno.h>
#include <stdio.h>

#include "base/why.h"
#include "core/model/model.h"
#include "core/value/number.h"

#define POINTS_ENOUGH 10	/* of the lowest weight: rounding changes its share by at most a twentieth */

static uint64_t points_of(const struct service *s)
{
	struct density density = service_density(s);
	uint64_t points = 0;

	for (size_t i = 0; i < s->backend_count; i++)
		points += density_points(density, s->backends[i].weight);
	return points;
}

/* The backends with the highest and with the lowest weight above 0; NULL: there is none. */
static void extremes(const struct service *s, const struct backend **ret_heavy,
		     const struct backend **ret_light)
{
	*ret_heavy = *ret_light = NULL;
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];

		if (!b->weight)
			continue;
		if (!*ret_heavy || b->weight > (*ret_heavy)->weight)
			*ret_heavy = b;
		if (!*ret_light || b->weight < (*ret_light)->weight)
			*ret_light = b;
	}
}

/* The next of 1, 2, 5, 10, 20, 50, ... above the unit, in thousandths. */
static uint32_t unit_next(uint32_t unit)
{
	static const uint32_t steps[] = { 1, 2, 5 };

	for (uint32_t ten = WEIGHT_ONE;; ten *= 10)
		for (int i = 0; i < 3; i++)
			if (steps[i] * ten > unit)
				return steps[i] * ten;
}

/* The lowest weight of the service; 0: there is none. */
static uint32_t lowest(const struct service *s)
{
	const struct backend *heavy, *light;

	extremes(s, &heavy, &light);
	return light ? light->weight : 0;
}

/* May the service have the unit, so that its weights keep their proportions? */
static bool unit_may(const struct service *s, uint32_t unit)
{
	uint32_t light = lowest(s);

	return !light || (uint64_t)light * s->vnodes >= (uint64_t)POINTS_ENOUGH * unit;
}

const char *unit_advice(uint32_t unit, char buf[UNIT_TEXT])
{
	char text[WEIGHT_TEXT];

	buf[0] = '\0';
	if (unit)
		snprintf(buf, UNIT_TEXT, ", or weight_unit: %s", thousandths_print(unit, text));
	return buf;
}

/* The lowest unit from the lowest weight on with which the service makes at most `most` points. */
static uint32_t service_unit(const struct service *s, uint32_t most)
{
	struct service with = *s;

	with.weight_unit = lowest(s);
	if (with.weight_unit <= s->weight_unit)
		with.weight_unit = unit_next(s->weight_unit);
	for (; with.weight_unit <= WEIGHT_MAX; with.weight_unit = unit_next(with.weight_unit)) {
		if (!unit_may(&with, with.weight_unit))
			return 0;
		if (points_of(&with) <= most)
			return with.weight_unit;
	}
	return 0;
}

int service_points_check(const struct service *s, uint32_t most, struct why *why)
{
	char heavy_text[WEIGHT_TEXT], light_text[WEIGHT_TEXT], unit[UNIT_TEXT];
	const struct backend *heavy, *light;
	unsigned long long points = points_of(s);

	if (points <= most)
		return 0;
	extremes(s, &heavy, &light);
	unit_advice(service_unit(s, most), unit);
	if (heavy->weight == light->weight)
		return why_set(why, -EINVAL, "service %s of %llu points: want at most %u, with fewer "
			       "vnodes or backends%s", s->name, points, most, unit);
	return why_set(why, -EINVAL, "service %s of %llu points: want at most %u, weights %s of %s and "
		       "%s of %s are too far apart%s", s->name, points, most,
		       weight_print(heavy->weight, heavy_text), heavy->name,
		       weight_print(light->weight, light_text), light->name, unit);
}

/* ---- a unit for all services ---- */

/* Sets it where it is higher. False: some weight would be too low for it. */
static bool unit_set(struct model *m, uint32_t unit)
{
	for (size_t i = 0; i < m->service_count; i++) {
		struct service *s = &m->services[i];

		if (unit > s->weight_unit && !unit_may(s, unit))
			return false;
		if (unit > s->weight_unit)
			s->weight_unit = unit;
	}
	return true;
}

uint32_t unit_that_fits(const struct model *m, int (*fits)(const struct model *m, void *context),
			void *context)
{
	uint32_t unit = 0, found = 0;
	struct model with;

	for (size_t i = 0; i < m->service_count; i++) {
		uint32_t light = lowest(&m->services[i]);

		if (light && (!unit || light < unit))
			unit = light;
	}
	if (unit <= WEIGHT_ONE)
		unit = unit_next(WEIGHT_ONE);
	if (model_copy(m, &with))
		return 0;
	for (; unit <= WEIGHT_MAX && !found && unit_set(&with, unit); unit = unit_next(unit))
		if (!fits(&with, context))
			found = unit;
	model_clear(&with);
	return found;
}
