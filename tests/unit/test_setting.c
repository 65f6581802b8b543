// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/why.h"
#include "base/util.h"
#include "core/model/model.h"
#include "core/model/setting.h"

static void every_default_reads_back_as_it_is_printed(void **state)
{
	struct service normal, s;
	size_t count;
	const struct setting *all = settings_all(&count);
	(void)state;

	service_init(&normal);
	for (size_t i = 0; i < count; i++) {
		char text[SETTING_TEXT];

		memset(&s, 0xff, sizeof(s));
		if (setting_parse(&all[i], setting_print(&all[i], &normal, text), &s))
			fail_msg("%s %s is refused", all[i].key, text);
		assert_true(setting_equal(&all[i], &s, &normal));
	}
}

static void every_field_has_a_setting_of_its_own(void **state)
{
	size_t count, flat, gue, hot;
	const struct setting *all = settings_all(&count);
	(void)state;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(all[i].offset, all[j].offset);
	assert_ptr_equal(settings(NULL, &flat), all);
	assert_ptr_equal(settings("gue", &gue), all + flat);
	assert_int_equal(gue, sizeof(struct gue) / sizeof(uint32_t));
	assert_ptr_equal(settings("hot", &hot), all + flat + gue);
	assert_int_equal(flat + gue + hot, count);
	assert_int_equal(hot, sizeof(struct hot) / sizeof(uint32_t));
	settings("cold", &count);
	assert_int_equal(count, 0);
}

static void a_key_is_found_in_its_group_alone(void **state)
{
	(void)state;

	assert_non_null(setting_find(NULL, "bound"));
	assert_non_null(setting_find("hot", "factor"));
	assert_null(setting_find("hot", "bound"));
	assert_null(setting_find(NULL, "factor"));
	assert_null(setting_find("cold", "factor"));
	assert_null(setting_find("hot", ""));
}

static void the_settings_keep_their_bounds(void **state)
{
	static const struct {
		const char *group, *key, *text;
		uint32_t value;
		const char *printed;
	} good[] = {
		{ NULL, "bound", "none", 0, "none" },
		{ NULL, "bound", "1", 1000, "1" },
		{ NULL, "bound", "1.25", 1250, "1.25" },
		{ NULL, "bound", "100.000", 100000, "100" },
		{ "hot", "factor", "1", 1000, "1" },
		{ "hot", "factor", "2.5", 2500, "2.5" },
		{ "hot", "factor", "10000", 10000000, "10000" },
		{ "hot", "floor", "0", 0, "0" },
		{ "hot", "floor", "0.001", 1, "0.001" },
		{ "hot", "floor", "1", 1000, "1" },
		{ "hot", "hold", "0", 0, "0s" },
		{ "hot", "hold", "60s", 60000, "1m" },
		{ "hot", "hold", "24h", 86400000, "1d" },
		{ "hot", "shards", "1", 1, "1" },
		{ "hot", "shards", "16383", HOT_SHARDS_MAX, "16383" },
		{ "hot", "auto", "false", 0, "false" },
		{ "hot", "auto", "true", 1, "true" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct setting *f = setting_find(good[i].group, good[i].key);
		char text[SETTING_TEXT];
		struct service s;

		service_init(&s);
		if (setting_parse(f, good[i].text, &s))
			fail_msg("%s %s is refused", f->key, good[i].text);
		assert_int_equal(setting_value(f, &s), good[i].value);
		assert_string_equal(setting_print(f, &s, text), good[i].printed);
	}
}

static void what_is_out_of_bounds_is_refused_and_leaves_the_service(void **state)
{
	static const struct {
		const char *group, *key, *text;
	} bad[] = {
		{ NULL, "bound", "0" },		{ NULL, "bound", "0.999" },
		{ NULL, "bound", "100.001" },	{ NULL, "bound", "125%" },
		{ NULL, "bound", "1.2555" },	{ NULL, "bound", "" },
		{ NULL, "bound", "None" },	{ NULL, "bound", "4294968" },
		{ "hot", "factor", "0.999" },	{ "hot", "factor", "10000.001" },
		{ "hot", "factor", "none" },	{ "hot", "factor", "10001" },
		{ "hot", "floor", "1.001" },	{ "hot", "floor", "-0.1" },
		{ "hot", "hold", "60" },	{ "hot", "hold", "24.001h" },
		{ "hot", "shards", "0" },	{ "hot", "shards", "16384" },
		{ "hot", "shards", "1.5" },	{ "hot", "auto", "maybe" },
		{ "hot", "auto", "True" },	{ "hot", "auto", "1" },
		{ "hot", "auto", "" },
	};
	struct service before, s;
	(void)state;

	service_init(&before);
	s = before;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (setting_parse(setting_find(bad[i].group, bad[i].key), bad[i].text, &s) !=
		    -EINVAL)
			fail_msg("%s %s is taken", bad[i].key, bad[i].text);
	assert_memory_equal(&s, &before, sizeof(s));
}

static void a_group_in_one_text_changes_what_it_names(void **state)
{
	struct why why;
	struct service s;
	(void)state;

	service_init(&s);
	assert_int_equal(settings_parse("hot", "shards=1000,factor=2.5", &s, &why), 0);
	assert_int_equal(settings_parse("hot", "auto=false", &s, &why), 0);
	assert_int_equal(s.hot.factor, 2500);
	assert_int_equal(s.hot.floor, HOT_FLOOR);
	assert_int_equal(s.hot.hold_ms, HOT_HOLD_MS);
	assert_int_equal(s.hot.shards, 1000);
	assert_int_equal(s.hot.split, 0);
}

static void a_wrong_text_of_a_group_says_why_and_changes_nothing(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "hot : want KEY=VALUE" },
		{ "none", "hot none: want KEY=VALUE" },
		{ "factor=2,", "hot : want KEY=VALUE" },
		{ "factor=2,,shards=1", "hot : want KEY=VALUE" },
		{ "factor=", "hot factor : want 1 to 10000 in steps of 0.001" },
		{ "shards=7,factor=0.5", "hot factor 0.5: want 1 to 10000 in steps of 0.001" },
		{ "floor=2", "hot floor 2: want 0 to 1 in steps of 0.001" },
		{ "hold=60", "hot hold 60: want 0s to 24h, as 60s or 15m" },
		{ "shards=0", "hot shards 0: want 1 to 16383" },
		{ "auto=maybe", "hot auto maybe: want true or false" },
		{ "factor=2,auto=false,factor=2", "hot factor: want it once" },
		{ "cold=1", "hot key cold: want factor, floor, hold, shards, auto or proven" },
		{ "bound=2", "hot key bound: want factor, floor, hold, shards, auto or proven" },
		{ "=1", "hot key : want factor, floor, hold, shards, auto or proven" },
	};
	struct service before, s;
	(void)state;

	service_init(&before);
	s = before;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct why why = {};

		assert_int_equal(settings_parse("hot", bad[i].text, &s, &why), -EINVAL);
		assert_string_equal(why.text, bad[i].why);
	}
	assert_memory_equal(&s, &before, sizeof(s));
}

static void a_long_text_is_cut_in_the_message_alone(void **state)
{
	char text[1024];
	struct why why = {};
	struct service s;
	(void)state;

	service_init(&s);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(settings_parse("hot", text, &s, &why), -EINVAL);
	memcpy(text, "factor=", strlen("factor="));
	assert_int_equal(settings_parse("hot", text, &s, &why), -EINVAL);
	text[500] = '=';
	memcpy(text, "faktor+", strlen("faktor+"));
	assert_int_equal(settings_parse("hot", text, &s, &why), -EINVAL);
	assert_non_null(strstr(why.text, "hold, shards, auto or proven"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_default_reads_back_as_it_is_printed),
		cmocka_unit_test(every_field_has_a_setting_of_its_own),
		cmocka_unit_test(a_key_is_found_in_its_group_alone),
		cmocka_unit_test(the_settings_keep_their_bounds),
		cmocka_unit_test(what_is_out_of_bounds_is_refused_and_leaves_the_service),
		cmocka_unit_test(a_group_in_one_text_changes_what_it_names),
		cmocka_unit_test(a_wrong_text_of_a_group_says_why_and_changes_nothing),
		cmocka_unit_test(a_long_text_is_cut_in_the_message_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
