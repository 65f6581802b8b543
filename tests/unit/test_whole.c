// SPDX-License-Identifier: GPL-2.0-or-later
/* Half a file is no file: its end mark, what must be there, and what a reload may remove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "base/why.h"
#include "conf/conf.h"
#include "core/model/guard.h"
#include "core/model/merge.h"
#include "core/model/model.h"

#define HASH_KEY "hash_key: 00112233445566778899aabbccddeeff\n"
#define SERVICE(name, backends) \
	"  " name ": {vip: '10.200.1.1:80/tcp', mode: ipip, backends: {" backends "}}\n"

/* ---- the end mark ---- */

static bool ends(const char *text)
{
	return conf_ends(text, strlen(text));
}

static void a_line_of_three_dots_ends_a_file(void **state)
{
	(void)state;

	assert_true(ends("a: b\n...\n"));
	assert_true(ends("a: b\n..."));
	assert_true(ends("a: b\r\n...\r\n"));
	assert_true(ends("a: b\n... # the end\n"));
	assert_true(ends("a: b\n...\n\n  # that was all\n#\n"));
	assert_true(ends("..."));
	assert_false(ends("a: b\n..\n"));
	assert_false(ends("a: b\n ...\n"));
	assert_false(ends("a: b\n....\n"));
	assert_false(ends("a: b\n...c\n"));
	assert_false(ends("a: b\n...\nc: d\n"));
	assert_false(ends("# ...\n"));
	assert_false(ends("\n"));
	assert_false(ends(""));
}

/* Parses the first len bytes of a file in that directory; *ret may be what it says. */
static bool is_taken(const char *path, const char *text, size_t len, struct model *ret)
{
	char directory[4096];
	struct conf_source source = { .name = path, .directory = directory, .text = text, .len = len };
	struct why why;

	snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path), path);
	return !conf_parse_source(&source, ret, NULL, &why);
}

static bool has_key(const char *text, size_t len, const char *key)
{
	return memmem(text, len, key, strlen(key));
}

/*
 * Without the mark the reader can only know what must be there: the services, and the backends of
 * each. With it, only what lacks nothing but the end of its last line is the whole file.
 */
static void try_prefixes(const char *path, size_t *ret_taken, size_t *ret_all)
{
	char *text, *end;
	struct why why;
	size_t len;

	if (conf_read(path, &text, &len, &why))
		fail_msg("%s", why.text);
	end = conf_ends(text, len) ? memmem(text, len, "\n...", 4) : NULL;
	for (size_t i = 0; i < len; i++) {
		struct model m;

		(*ret_all)++;
		if (!is_taken(path, text, i, &m))
			continue;
		if (!has_key(text, i, "services"))
			fail_msg("%s: %zu bytes have no services", path, i);
		for (size_t s = 0; s < m.service_count; s++)
			if (!m.services[s].backend_count && !has_key(text, i, "backends"))
				fail_msg("%s: %zu bytes have no backends", path, i);
		model_clear(&m);
		*ret_taken += !end || conf_ends(text, i);
		if (end && conf_ends(text, i) && i < (size_t)(end - text) + 4)
			fail_msg("%s: %zu bytes are taken for a whole file", path, i);
	}
	free(text);
}

static void no_prefix_is_taken_for_a_whole_file(void **state)
{
	const char *source = getenv("XRING_SOURCE") ?: ".";
	const char *const kinds[] = { "yaml", "golden" };
	size_t taken[2] = {}, all[2] = {};
	(void)state;

	for (int kind = 0; kind < 2; kind++) {
		char pattern[4096];
		glob_t files;

		snprintf(pattern, sizeof(pattern), "%s/tests/conf/good/*.%s", source, kinds[kind]);
		assert_int_equal(glob(pattern, 0, NULL, &files), 0);
		for (size_t i = 0; i < files.gl_pathc; i++)
			try_prefixes(files.gl_pathv[i], &taken[kind], &all[kind]);
		globfree(&files);
	}
	print_message("taken without the mark: %zu of %zu; with it: %zu of %zu\n", taken[0], all[0],
		      taken[1], all[1]);
}

/* ---- a file that changes while it is read ---- */

static char path[] = "/tmp/xring-test-XXXXXX";
static int writes_left;			/* the next so many reads of anything are followed by a write */

static void write_in_place(const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* In the place of the C library's, so that the file changes just while conf_read() reads it. */
ssize_t read(int fd, void *buf, size_t count)
{
	ssize_t got = syscall(SYS_read, fd, buf, count);

	if (writes_left && writes_left--)
		write_in_place(writes_left % 2 ? "new" : "newer");
	return got;
}

static void a_file_that_changes_while_it_is_read_is_read_again(void **state)
{
	struct why why;
	char *text;
	size_t len;
	(void)state;

	strcpy(path, "/tmp/xring-test-XXXXXX");
	close(mkstemp(path));
	write_in_place("this was the file");
	writes_left = 1;
	assert_int_equal(conf_read(path, &text, &len, &why), 0);
	assert_int_equal(len, strlen("newer"));
	assert_memory_equal(text, "newer", len);
	free(text);

	/* The writer has just begun: the file is empty, and half of it comes while it is read. */
	write_in_place("");
	writes_left = 1;
	assert_int_equal(conf_read(path, &text, &len, &why), 0);
	assert_int_equal(len, strlen("newer"));
	free(text);

	writes_left = 1000;
	assert_int_equal(conf_read(path, &text, &len, &why), -EINVAL);
	assert_non_null(strstr(why.text, ": it changes while it is read: want it whole"));
	assert_true(writes_left > 900);
	writes_left = 0;
	unlink(path);
}

/* ---- what a reload may remove ---- */

static const char *guard(const char *running, const char *next)
{
	static struct why why;
	struct model a, b;
	int err;

	why.text[0] = '\0';
	assert_int_equal(conf_parse("running", running, strlen(running), &a, NULL, &why), 0);
	assert_int_equal(conf_parse("next", next, strlen(next), &b, NULL, &why), 0);
	err = model_guard(&a, &b, &why);
	assert_int_equal(err, *why.text ? -EPERM : 0);
	model_clear(&a);
	model_clear(&b);
	return why.text;
}

static void what_takes_much_away_is_guarded(void **state)
{
	const char four[] = HASH_KEY "services:\n" SERVICE("web", "a: 10.0.0.1, b: 10.0.0.2, "
							   "c: 10.0.0.3, d: 10.0.0.4");
	const char none[] = HASH_KEY "services: {}\n";
	(void)state;

	assert_string_equal(guard(four, four), "");
	assert_string_equal(guard(four, HASH_KEY "services:\n"
				  SERVICE("web", "a: 10.0.0.1, c: 10.0.0.3")), "");
	assert_string_equal(guard(four, HASH_KEY "services:\n" SERVICE("web", "a: 10.0.0.1")),
			    "service web would lose 3 of its 4 backends");
	assert_string_equal(guard(four, HASH_KEY "services:\n"
				  SERVICE("web", "a: 10.0.0.1, e: 10.0.0.2, f: 10.0.0.3, g: 10.0.0.4")),
			    "service web would lose 3 of its 4 backends");
	assert_string_equal(guard(four, HASH_KEY "services:\n" SERVICE("web", "")),
			    "service web would lose 4 of its 4 backends");
	assert_string_equal(guard(four, none), "all services would go, which are 1");
	assert_string_equal(guard(four, HASH_KEY "services:\n" SERVICE("api", "a: 10.0.0.1")),
			    "all services would go, which are 1");
	assert_string_equal(guard(four, HASH_KEY "reload_guard: false\nservices: {}\n"), "");
	assert_string_equal(guard(none, none), "");
	assert_string_equal(guard(none, four), "");
}

static void a_service_may_go_while_others_stay(void **state)
{
	const char two[] = HASH_KEY "services:\n" SERVICE("web", "a: 10.0.0.1")
			   "  api: {vip: '10.200.1.2:80/tcp', mode: ipip, backends: {a: 10.0.0.1}}\n";
	(void)state;

	assert_string_equal(guard(two, HASH_KEY "services:\n" SERVICE("web", "a: 10.0.0.1")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_three_dots_ends_a_file),
		cmocka_unit_test(no_prefix_is_taken_for_a_whole_file),
		cmocka_unit_test(a_file_that_changes_while_it_is_read_is_read_again),
		cmocka_unit_test(what_takes_much_away_is_guarded),
		cmocka_unit_test(a_service_may_go_while_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
