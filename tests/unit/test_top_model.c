// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "cli/top/model.h"

#define EPSILON 1e-9

/* A sample: b1 and b2 own a half of the ring each, b3 nothing. */
static json_t *sample(double now, int b1, int b2)
{
	json_t *json = json_pack(
		"{s:f, s:{s:i, s:i, s:i, s:i}, s:[{s:s, s:f, s:i, s:i, s:i, s:i,"
		" s:[{s:s, s:s, s:f, s:i, s:i, s:i, s:i, s:f},"
		"    {s:s, s:s, s:f, s:i, s:i, s:i, s:i, s:n},"
		"    {s:s, s:s, s:f, s:i, s:i, s:i, s:i, s:n}]}]}",
		"now", now, "packets", "rx", b1 + b2 + 30, "tx", b1 + b2, "pass", 10, "drop", 20,
		"services", "name", "web", "bound", 1.25, "packets", b1 + b2, "bytes",
		100 * (b1 + b2), "flows", b1, "pins", 7, "backends",
		"name", "b1", "state", "up", "share", 0.5, "packets", b1, "bytes", 100 * b1,
		"flows", b1, "pins", 5, "load", 1.5,
		"name", "b2", "state", "down", "share", 0.5, "packets", b2, "bytes", 100 * b2,
		"flows", 0, "pins", 2, "load",
		"name", "b3", "state", "draining", "share", 0.0, "packets", 0, "bytes", 0,
		"flows", 0, "pins", 9, "load");

	assert_non_null(json);
	return json;
}

/* The model of two samples, that are taken over. */
static struct top_model model(json_t *before, json_t *after)
{
	struct top_model m;

	assert_int_equal(top_model_new(before, after, &m), 0);
	json_decref(before);
	json_decref(after);
	return m;
}

static void two_samples_make_rates(void **state)
{
	struct top_model m = model(sample(100, 1000, 500), sample(102, 1600, 700));
	const struct top_service *s = &m.services[0];
	(void)state;

	assert_float_equal(m.rx, 400, EPSILON);
	assert_float_equal(m.tx, 400, EPSILON);
	assert_float_equal(m.pass, 0, EPSILON);
	assert_int_equal(m.count, 1);
	assert_string_equal(s->name, "web");
	assert_float_equal(s->bound, 1.25, EPSILON);
	assert_float_equal(s->traffic.packets_s, 400, EPSILON);
	assert_float_equal(s->traffic.bits_s, 320000, EPSILON);
	assert_float_equal(s->backends[0].traffic.packets_s, 300, EPSILON);
	assert_float_equal(s->backends[0].traffic.flows_s, 300, EPSILON);
	assert_float_equal(s->backends[0].load, 1.5, EPSILON);
	assert_true(isnan(s->backends[1].load));
	top_model_clear(&m);
}

static void shares_are_of_what_the_backends_got_between_the_samples(void **state)
{
	struct top_model m = model(sample(1, 1000, 0), sample(2, 1300, 100));
	const struct top_backend *b = m.services[0].backends;
	(void)state;

	assert_float_equal(b[0].got, 0.75, EPSILON);
	assert_float_equal(b[1].got, 0.25, EPSILON);
	assert_float_equal(b[2].got, 0, EPSILON);
	assert_float_equal(top_backend_value(&b[0], TOP_RATIO), 1.5, EPSILON);
	assert_true(isnan(top_backend_value(&b[2], TOP_RATIO)));
	top_model_clear(&m);
}

static void without_packets_there_are_no_shares(void **state)
{
	struct top_model m = model(sample(1, 10, 10), sample(2, 10, 10));
	(void)state;

	assert_float_equal(m.services[0].traffic.packets_s, 0, EPSILON);
	assert_true(isnan(m.services[0].backends[0].got));
	top_model_clear(&m);
}

static void the_first_sample_has_no_rates(void **state)
{
	struct top_model m = model(NULL, sample(1, 10, 10));
	(void)state;

	assert_true(isnan(m.rx));
	assert_true(isnan(m.services[0].traffic.packets_s));
	assert_true(isnan(m.services[0].backends[0].got));
	assert_float_equal(m.services[0].backends[0].ring, 0.5, EPSILON);
	assert_int_equal(m.services[0].backends[2].pins, 9);
	top_model_clear(&m);
}

static void counters_that_went_down_begin_anew(void **state)
{
	struct top_model m = model(sample(1, 1000, 1000), sample(2, 10, 1500));
	(void)state;

	/* All of them: one that is larger than it was may have been made anew as well. */
	assert_true(isnan(m.rx));
	assert_true(isnan(m.services[0].backends[1].traffic.packets_s));
	top_model_clear(&m);
}

static void one_backend_that_begins_anew_leaves_the_others_their_rates(void **state)
{
	struct top_model m = model(sample(1, 1000, 1000), sample(2, 10, 3000));
	const struct top_backend *b = m.services[0].backends;
	(void)state;

	assert_true(isnan(b[0].traffic.packets_s));
	assert_true(isnan(b[0].got));
	assert_float_equal(b[1].traffic.packets_s, 2000, EPSILON);
	assert_float_equal(b[1].got, 1, EPSILON);
	top_model_clear(&m);
}

static void time_that_stands_or_goes_back_makes_no_rates(void **state)
{
	struct top_model m = model(sample(5, 10, 10), sample(5, 20, 20));
	(void)state;

	assert_true(isnan(m.rx));
	top_model_clear(&m);
	m = model(sample(5, 10, 10), sample(4, 20, 20));
	assert_true(isnan(m.services[0].traffic.packets_s));
	top_model_clear(&m);
}

static void what_moved_in_its_list_is_found_by_its_name(void **state)
{
	json_t *before = sample(1, 1000, 500), *after = sample(2, 1100, 700);
	json_t *list = json_object_get(json_array_get(json_object_get(after, "services"), 0),
				       "backends");
	struct top_model m;
	(void)state;

	assert_int_equal(json_array_remove(list, 0), 0);
	m = model(before, after);
	assert_int_equal(m.services[0].count, 2);
	assert_string_equal(m.services[0].backends[0].name, "b2");
	assert_float_equal(m.services[0].backends[0].traffic.packets_s, 200, EPSILON);
	top_model_clear(&m);
}

/* The backends' names in their order. */
static const char *order(struct top_model *m, enum top_column column, bool reverse)
{
	static char names[16];

	names[0] = 0;
	top_model_sort(m, column, reverse);
	for (size_t i = 0; i < m->services[0].count; i++)
		strcat(strcat(names, i ? " " : ""), m->services[0].backends[i].name);
	return names;
}

static void backends_are_sorted_by_any_column(void **state)
{
	struct top_model m = model(sample(1, 0, 0), sample(2, 100, 300));
	(void)state;

	assert_string_equal(order(&m, TOP_PACKETS, false), "b2 b1 b3");
	assert_string_equal(order(&m, TOP_PACKETS, true), "b3 b1 b2");
	assert_string_equal(order(&m, TOP_NAME, false), "b1 b2 b3");
	assert_string_equal(order(&m, TOP_NAME, true), "b3 b2 b1");
	assert_string_equal(order(&m, TOP_STATE, false), "b2 b3 b1");
	assert_string_equal(order(&m, TOP_PINS, false), "b3 b1 b2");
	assert_string_equal(order(&m, TOP_RING, false), "b1 b2 b3");
	assert_string_equal(order(&m, TOP_RATIO, false), "b2 b1 b3");
	top_model_clear(&m);
}

static void what_is_not_known_comes_last_either_way(void **state)
{
	struct top_model m = model(NULL, sample(1, 100, 300));
	(void)state;

	assert_string_equal(order(&m, TOP_LOAD, false), "b1 b2 b3");
	assert_string_equal(order(&m, TOP_LOAD, true), "b1 b2 b3");
	top_model_clear(&m);
}

static void the_room_of_each_service_lets_all_of_them_fit(void **state)
{
	struct top_service services[] = { { .count = 2 }, { .count = 10 }, { .count = 0 } };
	struct top_model m = { .services = services, .count = 3 };
	size_t left;
	(void)state;

	assert_true(top_model_room(&m, 15, &left) >= 10);
	assert_int_equal(left, 0);
	assert_int_equal(top_model_room(&m, 14, &left), 9);
	assert_int_equal(left, 0);
	assert_int_equal(top_model_room(&m, 7, &left), 2);
	assert_int_equal(left, 0);
	assert_int_equal(top_model_room(&m, 6, &left), 1);
	assert_int_equal(left, 1);
	assert_int_equal(top_model_room(&m, 4, &left), 0);
	assert_int_equal(left, 1);
	assert_int_equal(top_model_room(&m, 0, &left), 0);
	assert_int_equal(left, 0);
}

static void an_answer_without_anything_is_an_empty_model(void **state)
{
	struct top_model m = model(json_object(), json_object());
	(void)state;

	assert_int_equal(m.count, 0);
	assert_true(isnan(m.rx));
	top_model_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_samples_make_rates),
		cmocka_unit_test(shares_are_of_what_the_backends_got_between_the_samples),
		cmocka_unit_test(without_packets_there_are_no_shares),
		cmocka_unit_test(the_first_sample_has_no_rates),
		cmocka_unit_test(counters_that_went_down_begin_anew),
		cmocka_unit_test(one_backend_that_begins_anew_leaves_the_others_their_rates),
		cmocka_unit_test(time_that_stands_or_goes_back_makes_no_rates),
		cmocka_unit_test(what_moved_in_its_list_is_found_by_its_name),
		cmocka_unit_test(backends_are_sorted_by_any_column),
		cmocka_unit_test(what_is_not_known_comes_last_either_way),
		cmocka_unit_test(the_room_of_each_service_lets_all_of_them_fit),
		cmocka_unit_test(an_answer_without_anything_is_an_empty_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
