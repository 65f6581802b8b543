// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/backend/agent.h"
#include "core/backend/standing.h"

/* The word after one line more, as text. */
static void says(struct agent_word *word, const char *line, const char *wanted)
{
	char text[AGENT_TEXT];

	assert_int_equal(agent_parse(line, word), 0);
	assert_string_equal(agent_print(word, text), wanted);
}

static void each_line_changes_what_it_names(void **state)
{
	struct agent_word word = {};
	(void)state;

	says(&word, "75%\n", "75%");
	says(&word, "drain", "75% drain");
	says(&word, "  0%", "0% drain");
	says(&word, "down # too hot\r\n", "0% drain down");
	says(&word, "ready,up\t100% \n", "100%");
	says(&word, "fail", "100% down");
	says(&word, "up", "100%");
	says(&word, "stopped#why", "100% down");
	says(&word, "failed maint 5% ready maint", "5% maint down");
	says(&word, "maxconn:30 up ready", "5%");
	says(&word, "7%", "7%");
	says(&word, "50% 60%\n10%", "60%");
}

static void garbage_changes_nothing(void **state)
{
	static const char *const lines[] = {
		"", "\n", " \t,\n", "#75%", "\r\n75%", "75", "%", "101%", "1000%", "00075%", "007%", "-1%",
		"7.5%", "75 %", "75%%", "75%,drained", "Ready", "readyup", "ready;up", "u", "up?",
		"maxconn:", "maxconn:x", "maxconn:3x", "maxconn", "weight:75%", "\x01", "75%\x7f",
		"GET / HTTP/1.1", "\xff\xfe",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct agent_word word = { .less = 1, .state = AGENT_DRAIN, .down = true };
		char text[AGENT_TEXT];

		if (agent_parse(lines[i], &word) != -EINVAL)
			fail_msg("'%s' was taken for a word", lines[i]);
		assert_string_equal(agent_print(&word, text), "99% drain down");
	}
}

static void a_huge_line_is_read_to_its_end(void **state)
{
	static char line[1 << 20];
	struct agent_word word = {};
	(void)state;

	memset(line, 'a', sizeof(line) - 1);
	assert_int_equal(agent_parse(line, &word), -EINVAL);
	memset(line, '9', sizeof(line) - 2);
	line[sizeof(line) - 2] = '%';
	assert_int_equal(agent_parse(line, &word), -EINVAL);
	for (size_t i = 0; i + 3 < sizeof(line); i += 3)
		memcpy(line + i, "up ", 3);
	says(&word, line, "100%");
	line[sizeof(line) - 3] = '\0';	/* its last word is cut off */
	assert_int_equal(agent_parse(line, &word), -EINVAL);
	line[sizeof(line) - 4] = '\0';
	says(&word, line, "100%");
}

/* From 0 to 1, in percent, and back. */
static bool moves(unsigned from, unsigned to)
{
	struct agent_word now = { .less = 100 - from }, said = { .less = 100 - to };

	return agent_changes(&now, &said);
}

static void small_differences_change_nothing(void **state)
{
	struct agent_word ready = {}, drain = { .state = AGENT_DRAIN }, down = { .down = true };
	(void)state;

	assert_false(moves(50, 50));
	assert_false(moves(50, 54));
	assert_false(moves(50, 46));
	assert_true(moves(50, 55));
	assert_true(moves(50, 45));
	assert_false(moves(96, 100));
	assert_true(moves(95, 100));
	assert_true(moves(4, 0));	/* no new flow is no small difference */
	assert_false(moves(0, 0));
	assert_false(moves(0, 4));
	assert_true(moves(0, 5));
	assert_true(agent_changes(&ready, &drain));
	assert_true(agent_changes(&drain, &ready));
	assert_true(agent_changes(&ready, &down));
	assert_false(agent_changes(&down, &down));
}

static void the_weight_is_of_the_configured_one(void **state)
{
	static const struct {
		uint32_t weight, percent, wanted;
	} cases[] = {
		{ 1000, 100, 1000 }, { 1000, 75, 750 }, { 3000, 50, 1500 }, { 1000, 0, 0 },
		{ 1, 50, 1 }, { 7, 1, 1 }, { 0, 50, 0 }, { 1000000, 99, 990000 },
		{ 4000000000u, 50, 2000000000u },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct agent_word word = { .less = 100 - cases[i].percent };
		struct standing st = { .weight = cases[i].weight };

		agent_weigh(&word, &st);
		assert_int_equal(st.weight, cases[i].wanted);
		assert_int_equal(st.state, BACKEND_ACTIVE);
	}
}

static void the_operators_wish_goes_before_the_agents(void **state)
{
	static const enum backend_state as[] = {
		[AGENT_READY] = BACKEND_ACTIVE,
		[AGENT_DRAIN] = BACKEND_DRAINING,
		[AGENT_MAINT] = BACKEND_MAINTENANCE,
	};
	(void)state;

	for (uint8_t i = 0; i < AGENT_STATES; i++) {
		struct agent_word word = { .state = i };
		struct standing active = { .weight = 1000 };
		struct standing drained = { .weight = 1000, .state = BACKEND_DRAINING };
		struct standing kept = { .weight = 1000, .state = BACKEND_MAINTENANCE };

		agent_weigh(&word, &active);
		agent_weigh(&word, &drained);
		agent_weigh(&word, &kept);
		assert_int_equal(active.state, as[i]);
		assert_int_equal(drained.state, BACKEND_DRAINING);
		assert_int_equal(kept.state, BACKEND_MAINTENANCE);
		assert_false(active.down);
	}
}

static void up_brings_nobody_back_whom_the_check_finds_down(void **state)
{
	struct agent_word up = {}, down = { .down = true };
	struct standing dead = { .weight = 1000, .down = true }, alive = { .weight = 1000 };
	(void)state;

	agent_weigh(&up, &dead);
	agent_weigh(&down, &alive);
	assert_true(dead.down);
	assert_true(alive.down);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_changes_what_it_names),
		cmocka_unit_test(garbage_changes_nothing),
		cmocka_unit_test(a_huge_line_is_read_to_its_end),
		cmocka_unit_test(small_differences_change_nothing),
		cmocka_unit_test(the_weight_is_of_the_configured_one),
		cmocka_unit_test(the_operators_wish_goes_before_the_agents),
		cmocka_unit_test(up_brings_nobody_back_whom_the_check_finds_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
