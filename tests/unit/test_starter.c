// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/starter/starter.h"

#define USER "nobody"
#define PATIENCE_MS 20000

static char dir[64];			/* USER may write there */
static int leak = -1;			/* a descriptor that no program should have */

static int open_starter(void **state)
{
	const struct passwd *user = getpwnam(USER);
	(void)state;

	if (geteuid() || !user)
		return 0;
	strcpy(dir, "/tmp/xring-starter-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chown(dir, user->pw_uid, user->pw_gid), 0);
	leak = open("/etc/passwd", O_RDONLY);	/* NOLINT: it must be inherited */
	assert_int_equal(starter_open(USER, "xring"), 0);
	assert_null(starter_why());
	return 0;
}

static int unlink_it(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int close_starter(void **state)
{
	(void)state;
	starter_close();
	if (leak >= 0)
		close(leak);
	if (leak >= 0)
		nftw(dir, unlink_it, 8, FTW_DEPTH | FTW_PHYS);
	leak = -1;
	return 0;
}

static void need_root(void)
{
	if (leak >= 0)
		return;
	print_message("not root\n");
	skip();
}

/* Runs a script; in it, $DIR is `dir`. */
static void begin(uint32_t run, const char *script)
{
	char env[96];

	snprintf(env, sizeof(env), "DIR=%s", dir);
	assert_int_equal(starter_start(run, &(struct starter_program){
				(const char *[]){ "/bin/sh", "-c", script, NULL },
				(const char *[]){ "PATH=/usr/bin:/bin", env, NULL },
			}), 0);
}

static struct starter_answer wait_answer(void)
{
	struct pollfd fd = { starter_fd(), POLLIN, 0 };
	struct starter_answer a;

	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_int_equal(starter_read(&a), 1);
	return a;
}

static void ends(const char *script, enum starter_end end, int value, const char *output)
{
	static uint32_t run = 1000;
	struct starter_answer a;

	begin(++run, script);
	a = wait_answer();
	assert_int_equal(a.run, run);
	assert_int_equal(a.end, end);
	assert_int_equal(a.value, value);
	assert_string_equal(a.output, output);
}

/* The text that a script left in a file of `dir`; waits for it. */
static const char *left(const char *name)
{
	static char text[16384];
	char path[128];
	ssize_t len = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (int ms = 0; ms < PATIENCE_MS && len <= 0; ms += 10) {
		_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

		len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		if (len <= 0)
			usleep(10000);
	}
	if (len <= 0)
		fail_msg("%s: there is nothing", path);
	text[len] = '\0';
	return text;
}

static void wait_gone(pid_t pid)
{
	for (int ms = 0; !kill(pid, 0); ms += 10) {
		if (ms > PATIENCE_MS)
			fail_msg("process %d is there still", pid);
		usleep(10000);
	}
}

/* ---- what a program is ---- */

static void has(const char *status, const char *line)
{
	char text[128];

	snprintf(text, sizeof(text), "\n%s", line);
	if (!strstr(status, text))
		fail_msg("want %s in:%s", line, status);
}

static void a_program_has_no_rights(void **state)
{
	const struct passwd *user;
	unsigned long long ignored;
	const char *status;
	char line[128];
	(void)state;

	need_root();
	ends("cat /proc/self/status >$DIR/status", STARTER_EXITED, 0, "");
	status = left("status");
	user = getpwnam(USER);
	snprintf(line, sizeof(line), "Uid:\t%u\t%u\t%u\t%u\n", user->pw_uid, user->pw_uid,
		 user->pw_uid, user->pw_uid);
	has(status, line);
	snprintf(line, sizeof(line), "Gid:\t%u\t%u\t%u\t%u\n", user->pw_gid, user->pw_gid,
		 user->pw_gid, user->pw_gid);
	has(status, line);
	snprintf(line, sizeof(line), "Groups:\t%u \n", user->pw_gid);
	has(status, line);
	has(status, "CapInh:\t0000000000000000\n");
	has(status, "CapPrm:\t0000000000000000\n");
	has(status, "CapEff:\t0000000000000000\n");
	has(status, "CapBnd:\t0000000000000000\n");
	has(status, "CapAmb:\t0000000000000000\n");
	has(status, "NoNewPrivs:\t1\n");
	has(status, "SigBlk:\t0000000000000000\n");
	/* Those of the C library itself (32, 33) nobody can set. */
	assert_int_equal(sscanf(strstr(status, "\nSigIgn:"), "\nSigIgn:%llx", &ignored), 1);
	assert_int_equal(ignored & 0x7fffffff, 0);
}

static void a_program_inherits_no_descriptor(void **state)
{
	(void)state;

	need_root();
	ends("for fd in $(seq 0 300); do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done", STARTER_EXITED, 0,
	     "0 1 2 ");
	ends("readlink /proc/$$/fd/0", STARTER_EXITED, 0, "/dev/null ");
}

static void a_program_is_apart(void **state)
{
	int pid, parent, group, session;
	(void)state;

	need_root();
	ends("cat /proc/$$/stat >$DIR/stat; pwd >$DIR/pwd; umask >$DIR/umask; "
	     "cat /proc/self/limits >$DIR/limits; set | grep -c XRING >$DIR/env",
	     STARTER_EXITED, 1, "");
	assert_int_equal(sscanf(left("stat"), "%d (%*[^)]) %*c %d %d %d", &pid, &parent, &group,
				&session), 4);
	assert_int_equal(group, pid);
	assert_int_equal(session, pid);
	assert_int_not_equal(parent, getpid());
	assert_string_equal(left("pwd"), "/\n");
	assert_string_equal(left("umask"), "0077\n");
	assert_string_equal(left("env"), "0\n");
	assert_non_null(strstr(left("limits"), "Max processes             512                  512"));
	assert_non_null(strstr(left("limits"), "Max core file size        0                    0"));
	assert_non_null(strstr(left("limits"), "Max cpu time              120                  120"));
}

/* ---- how it ends ---- */

static void exit_codes_and_signals_are_told(void **state)
{
	(void)state;

	need_root();
	ends("exit 0", STARTER_EXITED, 0, "");
	ends("echo the disk is full; exit 3", STARTER_EXITED, 3, "the disk is full ");
	ends("echo to the error >&2; exit 1", STARTER_EXITED, 1, "to the error ");
	ends("kill -TERM $$", STARTER_KILLED, SIGTERM, "");
	ends("kill -HUP $$", STARTER_KILLED, SIGHUP, "");
	ends("printf '\\001\\377x'; exit 2", STARTER_EXITED, 2, "  x");
}

static void endless_output_ends_in_the_first_bytes(void **state)
{
	char wanted[STARTER_OUTPUT + 1];
	(void)state;

	need_root();
	memset(wanted, 'y', STARTER_OUTPUT);
	wanted[STARTER_OUTPUT] = '\0';
	ends("yes yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	     "yyyyyyyyyyyyyyyy | head -c 5000000; exit 4", STARTER_EXITED, 4, wanted);
}

static void what_is_no_program_is_told(void **state)
{
	struct starter_answer a;
	char path[128];
	(void)state;

	need_root();
	snprintf(path, sizeof(path), "%s/nothing", dir);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(starter_start(7 + i, &(struct starter_program){
					(const char *[]){ i ? dir : path, NULL },
					(const char *[]){ NULL },
				}), 0);
		do
			a = wait_answer();	/* its exit is told too, and means nothing then */
		while (a.end != STARTER_UNABLE);
		assert_int_equal(a.run, 7 + i);
		assert_int_equal(a.value, i ? EACCES : ENOENT);
	}
}

static void a_stop_kills_all_that_was_started(void **state)
{
	struct starter_answer a;
	pid_t child, apart, left_behind;
	(void)state;

	need_root();
	begin(1, "sleep 1000 & echo $! >$DIR/child; "
		 "setsid sh -c 'echo $$ >$DIR/apart; exec sleep 1000' & "
		 "(setsid sh -c 'echo $$ >$DIR/behind; trap \"\" TERM HUP; sleep 1000; :' &); wait");
	child = atoi(left("child"));
	apart = atoi(left("apart"));
	left_behind = atoi(left("behind"));
	starter_stop(1);
	a = wait_answer();
	assert_int_equal(a.run, 1);
	assert_int_equal(a.end, STARTER_KILLED);
	assert_int_equal(a.value, SIGKILL);
	wait_gone(child);
	wait_gone(apart);
	wait_gone(left_behind);
}

static void what_a_program_leaves_behind_is_killed(void **state)
{
	(void)state;

	need_root();
	ends("sleep 1000 & echo $! >$DIR/child", STARTER_EXITED, 0, "");
	wait_gone(atoi(left("child")));
}

/* Another program's end does not end what a program that still runs has begun in its own group. */
static void what_a_running_program_has_begun_is_not_left_behind(void **state)
{
	pid_t aside;
	(void)state;

	need_root();
	begin(1, "(sleep 1000 & echo $! >$DIR/aside); echo yes >$DIR/begun; sleep 1000; :");
	aside = atoi(left("aside"));
	left("begun");				/* the parent of `aside` has ended */
	for (int i = 0; i < 5; i++)
		ends("exit 0", STARTER_EXITED, 0, "");
	assert_int_equal(kill(aside, 0), 0);
	starter_stop(1);
	assert_int_equal(wait_answer().end, STARTER_KILLED);
	wait_gone(aside);
}

static void so_many_run_at_once_and_no_more(void **state)
{
	struct starter_answer a;
	(void)state;

	need_root();
	for (uint32_t run = 0; run <= STARTER_PROGRAMS; run++)
		begin(run, "sleep 1000");
	a = wait_answer();
	assert_int_equal(a.run, STARTER_PROGRAMS);
	assert_int_equal(a.end, STARTER_FULL);
	for (uint32_t run = 0; run < STARTER_PROGRAMS; run++)
		starter_stop(run);
	for (uint32_t run = 0; run < STARTER_PROGRAMS; run++)
		assert_int_equal(wait_answer().end, STARTER_KILLED);
	ends("exit 0", STARTER_EXITED, 0, "");
}

/* ---- how the starter ends ---- */

static void programs_end_with_the_daemon(void **state)
{
	pid_t pid, apart;
	(void)state;

	need_root();
	begin(1, "echo $$ >$DIR/pid; setsid sh -c 'echo $$ >$DIR/apart; sleep 1000; :' & wait");
	pid = atoi(left("pid"));
	apart = atoi(left("apart"));
	starter_close();
	wait_gone(pid);
	wait_gone(apart);
}

/* Programs are the starter's user's, and so may end it; that is noticed. */
static void programs_end_with_the_starter_which_is_noticed(void **state)
{
	struct pollfd fd = { starter_fd(), POLLIN, 0 };
	struct starter_answer a;
	pid_t pid;
	int got;
	(void)state;

	need_root();
	begin(1, "echo $$ >$DIR/pid; exec sleep 1000");
	pid = atoi(left("pid"));
	begin(2, "kill -KILL $PPID");
	do {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		got = starter_read(&a);
	} while (got > 0);
	assert_true(got < 0);
	starter_lost();
	wait_gone(pid);
	assert_string_equal(starter_why(), "the starter of programs has ended, want xringd started again");
	assert_int_not_equal(starter_start(3, &(struct starter_program){
				(const char *[]){ "/bin/true", NULL }, (const char *[]){ NULL } }), 0);
}

static void programs_cannot_reach_the_starter(void **state)
{
	(void)state;

	need_root();
	ends("ls /proc/$PPID/fd 2>&1 | grep -q denied", STARTER_EXITED, 0, "");
	ends("cat /proc/$PPID/environ 2>&1 | grep -q denied", STARTER_EXITED, 0, "");
}

/* ---- where there can be none ---- */

static void a_user_apart_is_wanted(void **state)
{
	(void)state;

	if (geteuid())
		skip();
	assert_int_equal(starter_open("root", "xring"), -EINVAL);
	assert_string_equal(starter_why(), "want root without root's user and group");
	assert_int_equal(starter_open("nosuchuser", "xring"), -EINVAL);
	assert_string_equal(starter_why(), "want a user nosuchuser of this host");
	assert_int_equal(starter_open(USER, USER), -EINVAL);
	assert_string_equal(starter_why(),
			    "want --exec-user another user, of another group, than that of xringd");
	assert_int_equal(starter_fd(), -1);
	starter_look(USER);
	assert_null(starter_why());
	starter_look("nosuchuser");
	assert_non_null(starter_why());
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_starter, close_starter)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_program_has_no_rights),
		test(a_program_inherits_no_descriptor),
		test(a_program_is_apart),
		test(exit_codes_and_signals_are_told),
		test(endless_output_ends_in_the_first_bytes),
		test(what_is_no_program_is_told),
		test(a_stop_kills_all_that_was_started),
		test(what_a_program_leaves_behind_is_killed),
		test(what_a_running_program_has_begun_is_not_left_behind),
		test(so_many_run_at_once_and_no_more),
		test(programs_end_with_the_daemon),
		test(programs_end_with_the_starter_which_is_noticed),
		test(programs_cannot_reach_the_starter),
		cmocka_unit_test(a_user_apart_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
