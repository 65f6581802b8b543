// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "asker.h"
#include "base/util.h"
#include "core/value/address.h"
#include "daemon/probe/probes.h"
#include "daemon/starter/starter.h"

#define USER "nobody"

static int open_exec(void **state)
{
	if (!geteuid() && getpwnam(USER))
		assert_int_equal(starter_open(USER, "xring"), 0);
	return open_world(state);
}

static int close_exec(void **state)
{
	int err = close_world(state);

	starter_close();
	return err;
}

#define test_exec(name) cmocka_unit_test_setup_teardown(name, open_exec, close_exec)

static void need_starter(void)
{
	if (!starter_why())
		return;
	print_message("%s\n", starter_why());
	skip();
}

/* /bin/sh -c SCRIPT. */
static struct check script(const char *text)
{
	struct check how = check_by(CHECK_EXEC);

	strcpy(how.program, "/bin/sh");
	snprintf(how.args, sizeof(how.args), "-c\n%s\n", text);
	return how;
}

static void script_ends(const char *text, enum probe_outcome outcome, const char *why)
{
	struct check how = script(text);

	expect(&how, "192.0.2.7", 8080, outcome, why);
}

static void an_exit_code_of_0_is_good(void **state)
{
	(void)state;

	need_starter();
	script_ends("exit 0", PROBE_GOOD, "exit code 0");
	script_ends("echo it is full; exit 2", PROBE_BAD, "exit code 2: it is full");
	script_ends("exit 1", PROBE_BAD, "exit code 1");
	script_ends("kill -SEGV $$", PROBE_BAD, "killed by signal 11");
}

static void a_program_is_told_whom_it_checks(void **state)
{
	struct check how = script("echo $XRING_SERVICE $XRING_BACKEND $XRING_ADDRESS $XRING_PORT; exit 1");
	const struct probe_way whom = { .service = "web", .name = "b1" };
	struct address to;
	struct seen seen = {};
	(void)state;

	need_starter();
	assert_int_equal(address_parse("2001:db8::7", &to), 0);
	assert_int_equal(probe_new(w.checker, &how, &to, 8080, &whom, &seen, &seen.probe), 0);
	run_for(1);
	assert_string_equal(seen.why, "exit code 1: web b1 2001:db8::7 8080 ");
}

static void arguments_arrive_as_they_are(void **state)
{
	struct check how = check_by(CHECK_EXEC);
	(void)state;

	need_starter();
	strcpy(how.program, "/bin/sh");
	strcpy(how.args, "-c\necho \"$#:$1:$2:$3\"; exit 1\nzero\n a  b\n\n$x;'\n");
	expect(&how, "192.0.2.7", 80, PROBE_BAD, "exit code 1: 3: a  b::$x;'");
}

static void a_program_that_hangs_times_out(void **state)
{
	struct check how = script("sleep 1000");
	(void)state;

	need_starter();
	how.timeout_ms = 200;
	expect(&how, "192.0.2.7", 80, PROBE_BAD, "timed out after 200ms");
	script_ends("exit 0", PROBE_GOOD, "exit code 0");
}

static void what_cannot_be_run_says_nothing_of_the_backend(void **state)
{
	struct check how = check_by(CHECK_EXEC);
	(void)state;

	need_starter();
	strcpy(how.program, "/nonexistent");
	expect(&how, "192.0.2.7", 80, PROBE_NOT_CHECKED,
	       "not checked: No such file or directory, want /nonexistent");
	strcpy(how.program, "/etc/passwd");
	expect(&how, "192.0.2.7", 80, PROBE_NOT_CHECKED,
	       "not checked: Permission denied, want /etc/passwd");
}

/* Runs a program again and again, until that is how it ends. */
static void comes_to(const char *text, enum probe_outcome outcome, const char *why)
{
	struct check how = script(text);
	struct seen seen;
	int tries = 0;

	do {
		probe(&seen, &how, "192.0.2.7", 80);
		while (!seen.results)	/* others have some, too */
			run_for(1);
		probe_free(seen.probe);
	} while ((seen.outcome != outcome || !strstr(seen.why, why)) && ++tries < 10000);
	assert_int_equal(seen.outcome, outcome);
}

/* As many hang as may run, for a minute; who comes then is not checked. */
static void too_many_are_not_checked(void **state)
{
	/* More than may run, as programs that end take places for a moment. */
	static struct seen hanging[2 * STARTER_PROGRAMS];
	struct check hangs = script("sleep 1000");
	(void)state;

	need_starter();
	hangs.timeout_ms = 60000;
	for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
		probe(&hanging[i], &hangs, "192.0.2.7", 80);
	comes_to("exit 0", PROBE_NOT_CHECKED, "not checked: 64 programs run already");
	for (size_t i = 0; i < ARRAY_SIZE(hanging); i++)
		probe_free(hanging[i].probe);
	comes_to("exit 0", PROBE_GOOD, "exit code 0");
}

static void without_a_starter_nobody_is_checked(void **state)
{
	struct seen hanging;
	struct check hangs = script("sleep 1000");
	(void)state;

	need_starter();
	probe(&hanging, &hangs, "192.0.2.7", 80);
	script_ends("kill -KILL $PPID; sleep 1000", PROBE_NOT_CHECKED,
		    "not checked: the starter of programs has ended");
	if (!hanging.results)
		run_for(1);
	assert_int_equal(hanging.outcome, PROBE_NOT_CHECKED);
	script_ends("exit 0", PROBE_NOT_CHECKED, "want xringd started again");
}

static void no_starter_is_no_answer(void **state)
{
	(void)state;
	assert_non_null(starter_why());
	script_ends("exit 0", PROBE_NOT_CHECKED, "not checked: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(no_starter_is_no_answer),
		test_exec(an_exit_code_of_0_is_good),
		test_exec(a_program_is_told_whom_it_checks),
		test_exec(arguments_arrive_as_they_are),
		test_exec(a_program_that_hangs_times_out),
		test_exec(what_cannot_be_run_says_nothing_of_the_backend),
		test_exec(too_many_are_not_checked),
		test_exec(without_a_starter_nobody_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
