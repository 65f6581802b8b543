// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verifier is part of the compiler: what it walks of each program has a
 * ceiling. Kernels differ: of xring 68,176 on 6.1, which takes fewer ways for the same as another,
 * and 56,975 on 6.18.
 */
#include "fixture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static char said[1 << 20];		/* the longest of what libbpf said last: the verifier's log */

static int keep(enum libbpf_print_level level, const char *fmt, va_list args)
{
	static char text[sizeof(said)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(text, sizeof(text), fmt, args);
	if (strlen(text) > strlen(said))
		strcpy(said, text);
	return 0;
}

/* Says the end of the verifier's log, where the reason is. */
static void loads(struct bpf_object *object)
{
	size_t from;

	*said = '\0';
	if (!bpf_object__load(object))
		return;
	from = strlen(said) > 1500 ? strlen(said) - 1500 : 0;
	fail_msg("not loaded: ...%s", said + from);
}

static void program_walks_at_most(const struct bpf_program *prog, unsigned ceiling)
{
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), 0);
	print_message("%s: %u instructions walked (ceiling %u)\n", bpf_program__name(prog),
		      info.verified_insns, ceiling);
	assert_in_range(info.verified_insns, 1, ceiling);
}

/* Each program of an object. */
static void walks_at_most(const char *name, unsigned ceiling)
{
	struct bpf_object *object;
	struct bpf_program *prog;
	struct bpf_map *map;
	char path[256];

	libbpf_set_print(keep);
	snprintf(path, sizeof(path), "%s/%s.bpf.o", getenv("BUILD") ?: "build", name);
	object = bpf_object__open_file(path, NULL);
	assert_non_null(object);
	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL);
	loads(object);
	bpf_object__for_each_program(prog, object)
		program_walks_at_most(prog, ceiling);
	bpf_object__close(object);
}

static bool linux_is_before(int major, int minor)
{
	struct utsname name;
	int is_major, is_minor;

	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%d.%d", &is_major, &is_minor), 2);
	return is_major < major || (is_major == major && is_minor < minor);
}

static void the_balancer_stays_below_its_ceiling(void **state)
{
	(void)state;
	walks_at_most("xring", linux_is_before(6, 2) ? 70000 : 60000);
}

static void what_explains_does_too(void **state)
{
	(void)state;
	walks_at_most("explain", linux_is_before(6, 2) ? 70000 : 60000);
}

static void the_backends_program_stays_below_its_ceiling(void **state)
{
	(void)state;
	walks_at_most("decap", 700);
}

static void the_counters_of_what_is_lost_stay_below_theirs(void **state)
{
	(void)state;
	walks_at_most("lost", 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_balancer_stays_below_its_ceiling),
		cmocka_unit_test(what_explains_does_too),
		cmocka_unit_test(the_backends_program_stays_below_its_ceiling),
		cmocka_unit_test(the_counters_of_what_is_lost_stay_below_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
