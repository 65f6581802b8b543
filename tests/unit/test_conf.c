// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Golden files: tests/conf/good/NAME.yaml is read, printed and read again, and
 * what is printed is NAME.golden where there is one; tests/conf/bad/NAME.yaml is
 * refused with the one line of NAME.err. XRING_UPDATE=1 writes them anew.
 */
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "base/why.h"
#include "conf/conf.h"
#include "conf/draft.h"
#include "core/model/merge.h"
#include "core/model/validate.h"
#include "core/value/prefix_set.h"

#define HASH_KEY "hash_key: 00112233445566778899aabbccddeeff\n"

static const char *source(void)
{
	const char *dir = getenv("XRING_SOURCE");

	return dir ? dir : ".";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *read_file(const char *path, size_t *ret_len)
{
	struct why err;
	char *text;

	if (conf_read(path, &text, ret_len, &err))
		fail_msg("%s", err.text);
	return text;
}

/* path with another suffix than .yaml */
static void sibling(const char *path, const char *suffix, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s%s", (int)(strlen(path) - strlen(".yaml")), path, suffix);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void compare_golden(const char *path, const char *text)
{
	char *golden;
	size_t len;

	if (getenv("XRING_UPDATE")) {
		write_file(path, text);
		return;
	}
	golden = read_file(path, &len);
	if (len != strlen(text) || memcmp(golden, text, len))
		fail_msg("%s: want\n%.*s\nnot\n%s", path, (int)len, golden, text);
	free(golden);
}

static void for_each_yaml(const char *dir, void (*each)(const char *path))
{
	char pattern[4096];
	glob_t files;

	snprintf(pattern, sizeof(pattern), "%s/tests/conf/%s/*.yaml", source(), dir);
	if (glob(pattern, 0, NULL, &files))
		fail_msg("no %s, is XRING_SOURCE set?", pattern);
	for (size_t i = 0; i < files.gl_pathc; i++)
		each(files.gl_pathv[i]);
	globfree(&files);
}

/* The lists that a file names are beside it; where that is is not for golden files. */
static int parse_file(const char *path, const char *text, size_t len, struct model *ret,
		      struct why *err)
{
	char directory[4096];
	struct conf_source source = {
		.name = base_name(path), .directory = directory, .text = text, .len = len,
	};

	snprintf(directory, sizeof(directory), "%.*s", (int)(base_name(path) - path), path);
	return conf_parse_source(&source, ret, NULL, err);
}

/* Takes the directory of the file out of a text, wherever it stands. */
static void without_directory(const char *path, char *text)
{
	char directory[4096], *real, *at;

	snprintf(directory, sizeof(directory), "%.*s", (int)(base_name(path) - path), path);
	real = realpath(directory, NULL);
	assert_non_null(real);
	snprintf(directory, sizeof(directory), "%s/", real);
	free(real);
	while ((at = strstr(text, directory)))
		memmove(at, at + strlen(directory), strlen(at + strlen(directory)) + 1);
}

static void parse_good(const char *name, const char *text, size_t len, struct model *ret)
{
	struct why err;

	if (conf_parse(name, text, len, ret, NULL, &err))
		fail_msg("%s", err.text);
}

static void parse_print_parse(const char *path)
{
	struct model m, again;
	char golden[4096], *text, *printed;
	struct why err;
	size_t len;

	text = read_file(path, &len);
	if (parse_file(path, text, len, &m, &err))
		fail_msg("%s", err.text);
	printed = conf_print(&m);
	assert_non_null(printed);
	parse_good("printed", printed, strlen(printed), &again);
	if (!model_equal(&m, &again))
		fail_msg("%s: printed as\n%s", path, printed);
	sibling(path, ".golden", golden, sizeof(golden));
	without_directory(path, printed);
	if (!access(golden, F_OK))
		compare_golden(golden, printed);
	free(text);
	free(printed);
	model_clear(&m);
	model_clear(&again);
}

static void what_is_printed_reads_back_to_an_equal_model(void **state)
{
	(void)state;
	for_each_yaml("good", parse_print_parse);
}

static void parse_refused(const char *path)
{
	struct why err = { "" };
	char expected[4096], message[600], *text;
	struct model m;
	size_t len;

	text = read_file(path, &len);
	if (!parse_file(path, text, len, &m, &err))
		fail_msg("%s is accepted", path);
	free(text);
	without_directory(path, err.text);
	snprintf(message, sizeof(message), "%s\n", err.text);
	sibling(path, ".err", expected, sizeof(expected));
	compare_golden(expected, message);
}

static void what_is_wrong_is_said_in_one_line_with_its_place(void **state)
{
	(void)state;
	for_each_yaml("bad", parse_refused);
}

static void parse_any(const char *path)
{
	struct why err;
	struct model m;
	size_t len;
	char *text = read_file(path, &len);

	if (!conf_parse(path, text, len, &m, NULL, &err))
		model_clear(&m);
	free(text);
}

/* Standard error goes to a file meanwhile. */
static void nothing_is_written_to_standard_error(void **state)
{
	FILE *catcher = tmpfile();
	int saved = dup(STDERR_FILENO);
	struct stat st;
	(void)state;

	assert_non_null(catcher);
	fflush(stderr);
	dup2(fileno(catcher), STDERR_FILENO);
	for_each_yaml("bad", parse_any);
	for_each_yaml("good", parse_any);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(fstat(fileno(catcher), &st), 0);
	assert_int_equal(st.st_size, 0);
	fclose(catcher);
}

static void a_refused_text_leaves_model_and_places(void **state)
{
	struct model m = { .limit_cells = 7 };
	struct conf_locations *places = (void *)&m;
	struct why err;
	(void)state;

	assert_int_equal(conf_parse("x", "x", 1, &m, &places, &err), -EINVAL);
	assert_int_equal(m.limit_cells, 7);
	assert_ptr_equal(places, &m);
}

static void places_are_known_after_the_text_is_gone(void **state)
{
	char *text = strdup(HASH_KEY "services:\n"
				     "  web:\n"
				     "    vip: 10.200.1.1:80/tcp\n"
				     "    mode: l2\n"
				     "    backends:\n"
				     "      b2: {weight: 2, address: 10.0.0.2}\n"
				     "      b1: 10.0.0.1\n"
				     "  api: {vip: '10.200.1.2:80/tcp', mode: l2, "
				     "backends: {}}\n");
	struct conf_locations *places;
	struct why err;
	struct model m;
	char at[64];
	(void)state;

	assert_int_equal(conf_parse("x.yaml", text, strlen(text), &m, &places, &err), 0);
	memset(text, ' ', strlen(text));
	free(text);
	assert_string_equal(conf_location(places, "web", NULL, at, sizeof(at)), "x.yaml:3:3");
	assert_string_equal(conf_location(places, "web", "b1", at, sizeof(at)), "x.yaml:8:11");
	assert_string_equal(conf_location(places, "web", "b2", at, sizeof(at)), "x.yaml:7:32");
	assert_string_equal(conf_location(places, "web", "b3", at, sizeof(at)), "x.yaml:3:3");
	assert_string_equal(conf_location(places, "api", NULL, at, sizeof(at)), "x.yaml:9:3");
	assert_string_equal(conf_location(places, "zap", "b1", at, sizeof(at)), "x.yaml");
	conf_locations_free(places);
	conf_locations_free(NULL);
	model_clear(&m);
}

static void the_end_of_a_long_path_is_shown(void **state)
{
	char path[4096];
	struct why err;
	struct model m;
	(void)state;

	memset(path, 'd', sizeof(path));
	strcpy(path + sizeof(path) - sizeof("/xring.yaml"), "/xring.yaml");
	assert_int_equal(conf_parse(path, "x", 1, &m, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "ddd/xring.yaml:1:1: the file x: want a mapping"));
}

/* A file made for a test, removed by its caller. */
static void temporary(char path[32], off_t size)
{
	int fd;

	strcpy(path, "/tmp/xring-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void a_file_that_is_too_large_is_refused_by_its_size(void **state)
{
	char path[32], message[128], *text = NULL;
	struct why err;
	size_t len;
	(void)state;

	temporary(path, (off_t)1 << 40);
	assert_int_equal(conf_read(path, &text, &len, &err), -EINVAL);
	unlink(path);
	snprintf(message, sizeof(message), "%s: 1099511627776 bytes: want at most 16777216", path);
	assert_string_equal(err.text, message);
	assert_null(text);
}

static void a_file_of_the_largest_size_is_read(void **state)
{
	char path[32], *text;
	struct why err;
	size_t len;
	(void)state;

	temporary(path, CONF_BYTES_MAX);
	assert_int_equal(conf_read(path, &text, &len, &err), 0);
	assert_int_equal(len, CONF_BYTES_MAX);
	free(text);
	assert_int_equal(truncate(path, CONF_BYTES_MAX + 1), 0);
	assert_int_equal(conf_read(path, &text, &len, &err), -EINVAL);
	unlink(path);
}

static void a_file_without_a_size_is_read_up_to_the_largest(void **state)
{
	struct why err;
	char *text = NULL;
	size_t len;
	(void)state;

	assert_int_equal(conf_read("/dev/zero", &text, &len, &err), -EINVAL);
	assert_string_equal(err.text, "/dev/zero: more than 16777216 bytes: want at most that");
	assert_null(text);
}

static void a_text_that_is_too_large_is_refused(void **state)
{
	struct why err;
	struct model m;
	char *text = calloc(1, CONF_BYTES_MAX + 1);
	(void)state;

	assert_int_equal(conf_parse("x", text, CONF_BYTES_MAX + 1, &m, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "x: 16777217 bytes: want at most 16777216");
	free(text);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
	struct why err;
	char *text;
	size_t len;
	(void)state;

	assert_int_equal(conf_read("/nowhere/xring.yaml", &text, &len, &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere/xring.yaml: No such file or directory");
	assert_int_equal(conf_read("/", &text, &len, &err), -EISDIR);
	assert_string_equal(err.text, "/: Is a directory");
}

static void an_empty_file_is_read_as_no_bytes(void **state)
{
	struct why err;
	char *text;
	size_t len = 7;
	(void)state;

	assert_int_equal(conf_read("/dev/null", &text, &len, &err), 0);
	assert_int_equal(len, 0);
	free(text);
}

/* What a YAML library could do with a hostile text: remember it all, or recurse. */
static void a_text_nested_a_million_deep_is_refused(void **state)
{
	static const char *const pieces[] = { "[", "{", "- ", "? ", "[\n", "{a: ", "- [" };
	const size_t times = 1 << 20;
	struct why err;
	struct model m;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t len = strlen(pieces[i]);
		char *text = malloc(len * times);

		assert_non_null(text);
		for (size_t n = 0; n < times; n++)
			memcpy(text + n * len, pieces[i], len);
		assert_int_equal(conf_parse("x", text, len * times, &m, NULL, &err), -EINVAL);
		free(text);
	}
}

#define MANY_SERVICES 1000
#define MANY_BACKENDS 32	/* in each */

static char *many(void)
{
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	fputs(HASH_KEY "limits: {backends: 32767}\nservices:\n", f);
	for (unsigned s = MANY_SERVICES; s--;) {
		fprintf(f, "  web%u:\n    vip: 10.%u.%u.1:80/tcp\n    mode: ipip\n    backends:\n",
			s, s / 250, s % 250);
		for (unsigned b = MANY_BACKENDS; b--;)
			fprintf(f, "      b%u: {address: 11.%u.%u.%u, port: 80, weight: 1.5}\n", b,
				s / 250, s % 250, b + 1);
	}
	fclose(f);
	return text;
}

#define PLACES HASH_KEY \
	"regions:\n" \
	"  east: {prefixes: east.txt}\n" \
	"  west: {}\n" \
	"services:\n" \
	"  web:\n" \
	"    vip: 10.200.1.1:80/tcp\n" \
	"    mode: ipip\n" \
	"    placement:\n" \
	"      - {clients: ./east.txt, constraints: [+region=east]}\n" \
	"    backends:\n" \
	"      b1: {address: 10.0.0.1, region: east}\n" \
	"  api:\n" \
	"    vip: 10.200.1.2:80/tcp\n" \
	"    mode: ipip\n" \
	"    placement:\n" \
	"      - {clients: ./east.txt, strategy: global}\n" \
	"    backends: {}\n"

/* A directory with the list that PLACES names, removed by lists_remove(). */
static void lists_make(char directory[32], char list[64], const char *text)
{
	strcpy(directory, "/tmp/xring-test-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(list, 64, "%s/east.txt", directory);
	write_file(list, text);
}

static void lists_remove(const char *directory, const char *list)
{
	unlink(list);
	rmdir(directory);
}

static void a_list_is_found_beside_the_file_and_kept_by_its_whole_path(void **state)
{
	char directory[32], list[64], path[64], wanted[64];
	struct why err;
	struct model m;
	(void)state;

	lists_make(directory, list, "192.0.2.0/24\n");
	snprintf(path, sizeof(path), "%s/xring.yaml", directory);
	parse_good(path, PLACES, strlen(PLACES), &m);
	assert_string_equal(m.regions[0].clients->file, list);
	snprintf(wanted, sizeof(wanted), "%s/./east.txt", directory);
	assert_string_equal(m.services[0].rules[0].clients->file, wanted);
	assert_ptr_equal(m.services[0].rules[0].clients, m.services[1].rules[0].clients);
	model_clear(&m);
	assert_int_equal(conf_parse("xring.yaml", PLACES, strlen(PLACES), &m, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "xring.yaml:3:20: prefixes east.txt: want a file that can be read: No such file or directory");
	lists_remove(directory, list);
}

static void what_is_remembered_is_read_without_its_lists(void **state)
{
	struct conf_source source = {
		.name = "running.yaml", .text = PLACES, .len = strlen(PLACES), .remembered = true,
	};
	struct model_error wrong;
	struct why err;
	struct model m, again;
	char *printed;
	(void)state;

	assert_int_equal(conf_parse_source(&source, &m, NULL, &err), 0);
	assert_int_equal(m.regions[0].clients->list.count, 0);
	assert_int_equal(conf_validate(&m, NULL, &wrong), -EINVAL);
	assert_int_equal(wrong.at, PART_REGION);
	printed = conf_print(&m);
	source.text = printed;
	source.len = strlen(printed);
	assert_int_equal(conf_parse_source(&source, &again, NULL, &err), 0);
	assert_true(model_equal(&m, &again));
	free(printed);
	model_clear(&m);
	model_clear(&again);
}

static void a_zone_that_runs_may_be_lost(void **state)
{
	static const char text[] = "hash_key: 00112233445566778899aabbccddeeff\n"
				   "regions: {atlantis: {timezone: Atlantis/Poseidonia}}\n"
				   "services: {}\n";
	struct conf_source source = { .name = "x.yaml", .text = text, .len = strlen(text) };
	struct model_error wrong;
	struct model ran, m;
	struct why err;

	(void)state;
	assert_int_equal(conf_parse_source(&source, &m, NULL, &err), -EINVAL);
	source.remembered = true;
	assert_int_equal(conf_parse_source(&source, &ran, NULL, &err), 0);
	source.remembered = false;
	source.before = &ran;
	assert_int_equal(conf_parse_source(&source, &m, NULL, &err), 0);
	assert_int_equal(conf_validate(&m, &ran, &wrong), 0);
	assert_int_equal(conf_validate(&m, NULL, &wrong), -EINVAL);
	model_clear(&m);
	model_clear(&ran);
}

#define MANY_NETWORKS 1000000

static void a_million_networks_are_read_and_the_bad_line_among_them_is_told(void **state)
{
	char directory[32], list[64], path[64], line[32], wanted[160];
	struct why err;
	struct model m;
	FILE *f;
	(void)state;

	lists_make(directory, list, "");
	snprintf(path, sizeof(path), "%s/xring.yaml", directory);
	f = fopen(list, "r+");
	for (unsigned i = 0; i < MANY_NETWORKS; i++) {
		snprintf(line, sizeof(line), "100.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		fprintf(f, "%-15s\n", line);
	}
	fclose(f);
	parse_good(path, PLACES, strlen(PLACES), &m);
	assert_int_equal(m.regions[0].clients->list.count, MANY_NETWORKS);
	model_clear(&m);
	f = fopen(list, "r+");
	fseek(f, 739000 * 16L, SEEK_SET);
	fputs(" 100.11.70.300 \n", f);
	fclose(f);
	assert_int_equal(conf_parse(path, PLACES, strlen(PLACES), &m, NULL, &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s:739001:2: 100.11.70.300: want an IPv4 or IPv6 network",
		 list);
	assert_memory_equal(err.text, wanted, strlen(wanted));
	lists_remove(directory, list);
}

static void a_thousand_services_and_32000_backends_are_read(void **state)
{
	char *text = many(), *printed;
	struct model m, again;
	(void)state;

	parse_good("many", text, strlen(text), &m);
	assert_int_equal(m.service_count, MANY_SERVICES);
	assert_int_equal(m.services[0].backend_count, MANY_BACKENDS);
	printed = conf_print(&m);
	parse_good("printed", printed, strlen(printed), &again);
	assert_true(model_equal(&m, &again));
	free(text);
	free(printed);
	model_clear(&m);
	model_clear(&again);
}

static void backends_in_any_order_are_read_in_one_service(void **state)
{
	const unsigned count = 32000;
	struct model m;
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);
	(void)state;

	fputs(HASH_KEY "limits: {backends: 32767}\nservices:\n  web:\n    vip: 10.0.0.1:80/tcp\n"
		       "    mode: l2\n    vnodes: 1\n    backends:\n", f);
	for (unsigned b = count; b--;)
		fprintf(f, "      b%u: 11.0.%u.%u\n", b * 7 % count, b / 256, b % 256);
	fclose(f);
	parse_good("many", text, len, &m);
	assert_int_equal(m.services[0].backend_count, count);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(m.services[0].backends[i - 1].name,
				   m.services[0].backends[i].name) < 0);
	free(text);
	model_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_reads_back_to_an_equal_model),
		cmocka_unit_test(what_is_wrong_is_said_in_one_line_with_its_place),
		cmocka_unit_test(nothing_is_written_to_standard_error),
		cmocka_unit_test(a_refused_text_leaves_model_and_places),
		cmocka_unit_test(places_are_known_after_the_text_is_gone),
		cmocka_unit_test(the_end_of_a_long_path_is_shown),
		cmocka_unit_test(a_file_that_is_too_large_is_refused_by_its_size),
		cmocka_unit_test(a_file_of_the_largest_size_is_read),
		cmocka_unit_test(a_file_without_a_size_is_read_up_to_the_largest),
		cmocka_unit_test(a_text_that_is_too_large_is_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_says_why),
		cmocka_unit_test(an_empty_file_is_read_as_no_bytes),
		cmocka_unit_test(a_text_nested_a_million_deep_is_refused),
		cmocka_unit_test(a_list_is_found_beside_the_file_and_kept_by_its_whole_path),
		cmocka_unit_test(what_is_remembered_is_read_without_its_lists),
		cmocka_unit_test(a_zone_that_runs_may_be_lost),
		cmocka_unit_test(a_million_networks_are_read_and_the_bad_line_among_them_is_told),
		cmocka_unit_test(a_thousand_services_and_32000_backends_are_read),
		cmocka_unit_test(backends_in_any_order_are_read_in_one_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
