// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program that passes everything on a device: attached, known, taken off, and in nobody's way.
 */
#include "fixture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/util.h"
#include "base/why.h"
#include "dp/dp.h"
#include "dp/interfaces.h"
#include "dp/pass.h"

#define NAME "out"

/* A bpffs of the test's own, and a program to attach as the balancer's. */
struct lab {
	struct dp dp;
	struct xring_config config;
	struct bpf_object *object;
	char root[32];
};

static void lab_open(struct lab *lab)
{
	char path[256];

	*lab = (struct lab){ .root = "/tmp/xring-pass-XXXXXX" };
	assert_non_null(mkdtemp(lab->root));
	assert_int_equal(mount("bpf", lab->root, "bpf", 0, NULL), 0);
	snprintf(lab->dp.dir, sizeof(lab->dp.dir), "%s", lab->root);
	lab->dp.config = &lab->config;
	snprintf(path, sizeof(path), "%s/pass.bpf.o", getenv("BUILD") ?: "build");
	lab->object = bpf_object__open_file(path, NULL);
	assert_non_null(lab->object);
	assert_int_equal(bpf_object__load(lab->object), 0);
	lab->dp.prog_fd = bpf_program__fd(bpf_object__find_program_by_name(lab->object, "pass"));
}

static void lab_close(struct lab *lab)
{
	bpf_object__close(lab->object);
	assert_int_equal(umount(lab->root), 0);
	rmdir(lab->root);
}

static const char *attached_by(const struct lab *lab)
{
	static char by[16];
	_free_ struct dp_interface *list = NULL;
	size_t count = 0;

	assert_int_equal(dp_interfaces(&lab->dp, &list, &count), 0);
	assert_in_range(count, 0, 1);
	snprintf(by, sizeof(by), "%s", count ? list[0].by : "nobody");
	return by;
}

static bool never(void *context, uint32_t ifindex)
{
	(void)context, (void)ifindex;
	return false;
}

static bool always(void *context, uint32_t ifindex)
{
	(void)context, (void)ifindex;
	return true;
}

static void it_stays_until_nobody_wants_it(void **state)
{
	struct lab lab;
	struct why why;

	(void)state;
	lab_open(&lab);
	assert_false(dp_pass_is(&lab.dp, out_ifindex()));
	assert_int_equal(dp_pass_attach(&lab.dp, NAME, out_ifindex(), &why), 0);
	assert_true(dp_pass_is(&lab.dp, out_ifindex()));
	assert_string_equal(attached_by(&lab), "pass");
	dp_pass_sweep(&lab.dp, always, NULL);
	assert_string_equal(attached_by(&lab), "pass");
	dp_pass_sweep(&lab.dp, never, NULL);
	assert_false(dp_pass_is(&lab.dp, out_ifindex()));
	assert_string_equal(attached_by(&lab), "nobody");
	lab_close(&lab);
}

static void it_makes_room_for_the_balancer(void **state)
{
	const char *mode;
	struct lab lab;
	struct why why;
	uint32_t program;

	(void)state;
	lab_open(&lab);
	assert_int_equal(dp_pass_attach(&lab.dp, NAME, out_ifindex(), &why), 0);
	assert_int_equal(dp_attached(&lab.dp, NAME, out_ifindex(), &program), DP_NOBODYS);
	assert_int_equal(dp_detach(&lab.dp, NAME, &why), -ENOENT);
	assert_string_equal(why.text, NAME ": not attached");
	assert_int_equal(dp_attach(&lab.dp, NAME, DP_MODE_ANY, &mode, &why), 0);
	assert_string_equal(attached_by(&lab), "link");
	assert_false(dp_pass_is(&lab.dp, out_ifindex()));
	assert_int_equal(dp_pass_attach(&lab.dp, NAME, out_ifindex(), &why), -EBUSY);
	assert_string_equal(attached_by(&lab), "link");
	assert_int_equal(dp_detach(&lab.dp, NAME, &why), 0);
	assert_string_equal(attached_by(&lab), "nobody");
	lab_close(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_until_nobody_wants_it),
		cmocka_unit_test(it_makes_room_for_the_balancer),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
