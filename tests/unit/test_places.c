// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "core/model/rules.h"
#include "core/place/route.h"
#include "core/place/routes.h"
#include "core/place/weigh.h"
#include "core/time/schedule.h"
#include "core/value/number.h"

#define NOON (INT64_C(1799755200) * 1000)	/* 2027-01-12T12:00Z, a Tuesday */

static const struct region_zones universal;

struct world {
	struct service s;
	struct rule rule;
	struct daylight daylight;
	struct backend backends[4];
	struct placed places[4];
};

/* Two backends in each of two regions, all alive. */
static void world_begin(struct world *w)
{
	*w = (struct world){ .rule = { .spillover = SPILLOVER_WATERFALL,
				       .threshold = THRESHOLD_DEFAULT } };
	for (int i = 0; i < 4; i++) {
		snprintf(w->backends[i].region, PLACE_NAME, "%s", i < 2 ? "east" : "west");
		w->places[i] = (struct placed){ &w->backends[i], WEIGHT_ONE, WEIGHT_ONE };
	}
	w->s.rules = &w->rule;
	w->s.rule_count = 1;
}

static void prefers(struct world *w, const char *first, const char *second)
{
	snprintf(w->rule.preferences[0], PLACE_NAME, "%s", first);
	snprintf(w->rule.preferences[1], PLACE_NAME, "%s", second ?: "");
	w->rule.preference_count = 1 + !!second;
}

static int64_t weigh(struct world *w, int64_t now)
{
	struct route route;
	int64_t next;

	route_of(&w->rule, NULL, NULL, &route);
	assert_int_equal(places_weigh(&w->s, &route, &universal, now, w->places, 4, &next), 0);
	return next;
}

/* Of all that counts, in thousandths. */
static unsigned share(const struct world *w, int from)
{
	unsigned part = w->places[from].counts + w->places[from + 1].counts, whole = 0;

	for (int i = 0; i < 4; i++)
		whole += w->places[i].counts;
	return whole ? (part * 1000 + whole / 2) / whole : 0;
}

static void without_rules_everybody_counts_as_he_is(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	w.s.rule_count = 0;
	assert_true(weigh(&w, NOON) == INT64_MAX);
	assert_int_equal(share(&w, 0), 500);
}

static void the_first_region_has_it_all_while_it_is_alive(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	prefers(&w, "west", "east");
	weigh(&w, NOON);
	assert_int_equal(share(&w, 0), 0);
	assert_int_equal(w.places[2].counts, WEIGHT_ONE);
}

static void what_is_too_much_for_it_goes_to_the_next(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	prefers(&w, "east", "west");
	w.places[0].counts = 0;
	weigh(&w, NOON);
	assert_int_equal(share(&w, 0), 694);		/* 0.5 / 0.72 */
	assert_int_equal(w.places[1].counts, WEIGHT_ONE);
}

static void a_region_that_is_not_named_gets_nothing(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	prefers(&w, "east", NULL);
	w.places[0].counts = w.places[1].counts = 0;
	weigh(&w, NOON);
	for (int i = 0; i < 4; i++)
		assert_int_equal(w.places[i].counts, 0);
}

static void a_constraint_forbids_whatever_is_alive(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	w.rule.constraint_count = 1;
	w.rule.constraints[0] = (struct constraint){ .required = true, .value = "east" };
	w.places[0].counts = w.places[1].counts = 0;
	weigh(&w, NOON);
	assert_false(w.places[0].forbidden);
	assert_true(w.places[2].forbidden && w.places[3].forbidden);
	assert_int_equal(w.places[2].counts + w.places[3].counts, 0);
}

static void tags_are_words_and_not_parts_of_them(void **state)
{
	struct constraint beta = { .required = false, .tag = true, .value = "beta" };

	(void)state;
	assert_true(constraints_allow(&beta, 1, "east", "betamax,ssd"));
	assert_false(constraints_allow(&beta, 1, "east", "alpha,beta"));
	assert_true(constraints_allow(&beta, 1, "east", ""));
	beta.required = true;
	assert_false(constraints_allow(&beta, 1, "east", "alpha"));
}

static void an_hour_weighs_a_region(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w);
	w.s.rule_count = 0;
	w.daylight = (struct daylight){ "west", { 8 * 60, 20 * 60, SCHEDULE_DAYS, 3000, 0 } };
	w.s.daylights = &w.daylight;
	w.s.daylight_count = 1;
	assert_true(weigh(&w, NOON) == NOON + 8 * 3600 * 1000);
	assert_int_equal(share(&w, 2), 750);
	assert_int_equal(region_weight(&w.s, &universal, "west", NOON), 3000);
	assert_int_equal(region_weight(&w.s, &universal, "east", NOON), WEIGHT_ONE);
	assert_int_equal(region_weight(&w.s, &universal, "west", NOON + 9 * 3600 * 1000), WEIGHT_ONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_everybody_counts_as_he_is),
		cmocka_unit_test(the_first_region_has_it_all_while_it_is_alive),
		cmocka_unit_test(what_is_too_much_for_it_goes_to_the_next),
		cmocka_unit_test(a_region_that_is_not_named_gets_nothing),
		cmocka_unit_test(a_constraint_forbids_whatever_is_alive),
		cmocka_unit_test(tags_are_words_and_not_parts_of_them),
		cmocka_unit_test(an_hour_weighs_a_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
