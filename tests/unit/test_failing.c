// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A service for which there is no room fails by itself: it stays as it was, is tried again, and
 * keeps no other from its changes, whatever their names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "life.h"
#include "map_answers.h"

/* Three services by name: `failing` stands for what the first one is, `others` for the rest. */
#define MODEL(failing, others) \
	"hash_key: 00112233445566778899aabbccddeeff\n" \
	"regions:\n" \
	"  east: {prefixes: [192.0.2.0/24, \"2001:db8::/32\"]}\n" \
	"  west: {prefixes: [198.51.100.0/24, 203.0.113.0/26]}\n" \
	"services:\n" failing others

#define WEB(more, backends) \
	"  a-web:\n" \
	"    vip: [10.200.1.1:80/tcp, \"[2001:db8:ffff::1]:80/tcp\"]\n" \
	"    mode: ipip\n" more \
	"    backends: {" backends "}\n"

#define THREE "a: 10.0.0.1, b: 10.0.0.2, c: 10.0.0.3"
#define BEFORE WEB("    vnodes: 12\n", THREE)

/* It asks for more cells, prefixes, ids than there are; each time for another VIP, too. */
#define MORE_VIPS(more) \
	"  a-web:\n" \
	"    vip: [10.200.1.1:80/tcp, \"[2001:db8:ffff::1]:80/tcp\", 10.200.1.9:80/tcp]\n" \
	"    mode: ipip\n" more
#define NO_CELLS MORE_VIPS("    vnodes: 900\n    backends: {" THREE "}\n")
#define NO_LINES_RULES(vnodes) \
	"    vnodes: " vnodes "\n" \
	"    placement:\n" \
	"      - {clients: [192.0.2.0/25, 192.0.2.129, 198.51.100.7, 203.0.113.9, 100.64.1.1],\n" \
	"         constraints: [+region=east]}\n" \
	"      - {clients: [192.0.2.130, 198.51.100.77, 203.0.113.0/25, \"2001:db8:1::/48\"],\n" \
	"         preferences: [west]}\n" \
	"    backends:\n" \
	"      a: {address: 10.0.0.1, region: east}\n" \
	"      b: {address: 10.0.0.2, region: west}\n" \
	"      c: 10.0.0.3\n"
#define NO_LINES MORE_VIPS(NO_LINES_RULES("12"))
#define NO_IDS_BACKENDS \
	"    vnodes: 12\n    backends: {" THREE \
	", d1: 10.0.0.11, d2: 10.0.0.12, d3: 10.0.0.13, d4: 10.0.0.14, d5: 10.0.0.15" \
	", d6: 10.0.0.16, d7: 10.0.0.17, d8: 10.0.0.18, d9: 10.0.0.19, da: 10.0.0.20, db: 10.0.0.21}\n"
#define NO_IDS MORE_VIPS(NO_IDS_BACKENDS)

#define OTHERS_BEFORE \
	"  mail:\n" \
	"    vip: 10.200.1.3:25/tcp\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {m1: 10.0.3.1, m2: 10.0.3.2}\n"
#define OTHERS_AFTER \
	"  dns:\n" \
	"    vip: 10.200.1.4:53/udp\n" \
	"    mode: l2\n" \
	"    vnodes: 10\n" \
	"    backends: {d1: 10.0.4.1}\n" \
	"  mail:\n" \
	"    vip: [10.200.1.3:25/tcp, 10.200.1.5:587/tcp]\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {m1: {address: 10.0.3.1, weight: 3}, m3: 10.0.3.3}\n"

/* So little that what fails does, and the rest does not. */
static const struct dp_options sizes = { .cells = 4096, .backends = 16, .lines = 6 };

struct failure {
	const char *name;
	const char *yaml;
};

static const struct failure failures[] = {
	{ "no cells", MODEL(NO_CELLS, OTHERS_AFTER) },
	{ "no lines", MODEL(NO_LINES, OTHERS_AFTER) },
	{ "no ids", MODEL(NO_IDS, OTHERS_AFTER) },
};

static struct model before, alone;

/* What is said meanwhile, in place of standard error. */
static int said_begin(char path[32])
{
	int was = dup(STDERR_FILENO), fd;

	strcpy(path, "/tmp/xring-said-XXXXXX");
	fd = mkstemp(path);
	assert_true(was >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return was;
}

static void said_end(int was, char path[32], char text[4096])
{
	FILE *from = fopen(path, "re");
	size_t len = fread(text, 1, 4095, from);

	text[len] = 0;
	fclose(from);
	unlink(path);
	dup2(was, STDERR_FILENO);
	close(was);
}

static struct life *life_of(struct memory *memory, const struct model *m)
{
	struct life *life;

	*memory->now = 1000 * NS_PER_S;
	life = life_begin(memory, m);
	assert_int_equal(life_apply(life, m), 0);
	life_settle(life);
	return life;
}

/* Applied in vain, quietly. */
static void fails(struct life *life, const struct model *m, char said[4096])
{
	char path[32];
	int was = said_begin(path), err = life_apply(life, m);

	said_end(was, path, said);
	assert_int_equal(err, -ENOSPC);
}

static void assert_alike(const struct life *life, const struct life *want, const struct model *m,
			 const char *what)
{
	const struct model *models[] = { m };

	for (int old = 0; old < 2; old++) {
		_free_ char *is = answers_text(life->dp, models, 1, old);
		_free_ char *be = answers_text(want->dp, models, 1, old);

		if (strcmp(is, be))
			fail_msg("%s: %s answers:\n%s\nwant:\n%s", what, old ? "old" : "new", is, be);
	}
}

/* In the end both answer alike, and both have as much left of everything. */
static void assert_end_alike(struct life *life, struct life *want, const struct model *m,
			     const char *what)
{
	_free_ char *is = NULL, *be = NULL;

	life_settle(life);
	life_settle(want);
	assert_alike(life, want, m, what);
	is = room_text(life);
	be = room_text(want);
	assert_string_equal(is, be);
}

static void one_fails(const struct failure *f)
{
	struct memory *memory = memory_new(&sizes), *other = memory_new(&sizes);
	struct life *life = life_of(memory, &before), *want = life_of(other, &before);
	_free_ char *room = NULL, *more = NULL;
	struct model m = model_of(f->yaml);
	char said[4096];

	/* Once, by whom it was made; the others change as they do without it. */
	assert_int_equal(life_apply(want, &alone), 0);
	fails(life, &m, said);
	if (!strstr(said, "a-web"))
		fail_msg("%s: the service is not named: %s", f->name, said);
	assert_true(live_service(life->live, "a-web")->failed);
	assert_false(live_service(life->live, "mail")->failed);
	assert_alike(life, want, &m, f->name);

	/* Again and again: nothing is taken that is not given back. */
	room = room_text(life);
	for (int i = 0; i < 20; i++)
		fails(life, &m, said);
	more = room_text(life);
	assert_string_equal(more, room);
	assert_alike(life, want, &m, f->name);
	assert_int_equal(life->cells, 0);

	/* By the next life, which learns of it from the maps. */
	life_end(life);
	life = life_begin(memory, &m);
	for (int i = 0; i < 3; i++)
		fails(life, &m, said);
	assert_alike(life, want, &m, f->name);

	/* What there is room for comes. */
	assert_int_equal(life_apply(life, &alone), 0);
	assert_false(live_service(life->live, "a-web")->failed);
	assert_end_alike(life, want, &m, f->name);

	life_end(life);
	life_end(want);
	memory_free(memory);
	memory_free(other);
	model_clear(&m);
}

static void a_service_without_room_keeps_no_other_from_its_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		one_fails(&failures[i]);
}

static void a_new_service_without_room_is_not_found_by_its_vip(void **state)
{
	static const char *const yaml[] = {
		MODEL("", OTHERS_BEFORE), MODEL("", OTHERS_AFTER),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct model none = model_of(yaml[0]), rest = model_of(yaml[1]);
		struct model m = model_of(failures[i].yaml);
		struct memory *memory = memory_new(&sizes), *other = memory_new(&sizes);
		struct life *life = life_of(memory, &none), *want = life_of(other, &none);
		char said[4096];

		assert_int_equal(life_apply(want, &rest), 0);
		fails(life, &m, said);
		fails(life, &m, said);
		assert_alike(life, want, &m, failures[i].name);
		assert_int_equal(life_apply(life, &rest), 0);
		life_settle(life);
		life_settle(want);
		assert_alike(life, want, &m, failures[i].name);
		life_end(life);
		life_end(want);
		memory_free(memory);
		memory_free(other);
		model_clear(&none);
		model_clear(&rest);
		model_clear(&m);
	}
}

#define CHECKED(body) MODEL("  a-web:\n" \
	"    vip: 10.200.1.1:80/tcp\n" \
	"    mode: ipip\n" \
	"    check: {type: tcp}\n" body, OTHERS_AFTER)

static void dies_in(const char *yaml)
{
	struct model m = model_of(yaml);
	struct model was = model_of(CHECKED("    vnodes: 12\n    backends: {" THREE "}\n"));
	const struct model *models[] = { &m };
	struct memory *memory = memory_new(&sizes);
	struct life *life = life_of(memory, &was);
	_free_ char *all = NULL, *left = NULL;
	char said[4096];

	fails(life, &m, said);
	all = answers_text(life->dp, models, 1, false);
	assert_non_null(strstr(all, "a-web/b@"));
	live_backend(live_service(life->live, "a-web"), "b")->health.state = HEALTH_DOWN;
	fails(life, &m, said);
	left = answers_text(life->dp, models, 1, false);
	assert_null(strstr(left, "a-web/b@"));
	assert_non_null(strstr(left, "a-web/a@"));
	life_end(life);
	memory_free(memory);
	model_clear(&m);
	model_clear(&was);
}

static void a_backend_of_a_service_that_fails_dies_all_the_same(void **state)
{
	(void)state;
	dies_in(CHECKED(NO_LINES_RULES("12")));
	dies_in(CHECKED(NO_IDS_BACKENDS));
}

static void a_service_that_fails_is_found_where_its_ring_is_now(void **state)
{
	static const struct dp_options wide = { .cells = 8192, .backends = 16, .lines = 6 };
	struct model m = model_of(MODEL(MORE_VIPS(NO_LINES_RULES("25")), OTHERS_AFTER));
	struct model plain = model_of(MODEL(WEB("    vnodes: 25\n", THREE), OTHERS_AFTER));
	struct memory *memory = memory_new(&wide), *other = memory_new(&wide);
	struct life *life = life_of(memory, &before), *want = life_of(other, &before);
	uint32_t base = live_service(life->live, "a-web")->main->base;
	char said[4096];

	(void)state;
	fails(life, &m, said);
	assert_int_not_equal(live_service(life->live, "a-web")->main->base, base);
	assert_int_equal(life_apply(want, &plain), 0);
	assert_alike(life, want, &m, "a larger ring");
	life_end(life);
	life_end(want);
	memory_free(memory);
	memory_free(other);
	model_clear(&m);
	model_clear(&plain);
}

static void rules_without_a_class_come_to_nothing_and_go_without_a_trace(void **state)
{
	struct model m = model_of(MODEL(NO_LINES, OTHERS_AFTER));
	struct memory *memory = memory_new(&sizes), *other = memory_new(&sizes);
	struct life *life = life_of(memory, &before), *want = life_of(other, &before);
	struct live_class taken, **classes = life->live->class_by_index;
	char said[4096];

	(void)state;
	for (uint32_t i = 1; i < XRING_CLASSES; i++)
		classes[i] = &taken;
	assert_int_equal(life_apply(want, &alone), 0);
	for (int i = 0; i < 3; i++)
		fails(life, &m, said);
	assert_non_null(strstr(said, "classes"));
	assert_alike(life, want, &m, "no classes");
	assert_int_equal(life_apply(life, &alone), 0);
	assert_end_alike(life, want, &m, "no classes");
	life_end(life);
	life_end(want);
	memory_free(memory);
	memory_free(other);
	model_clear(&m);
}

static void a_ring_without_buckets_gives_back_what_it_took_in_vain(void **state)
{
	static const struct dp_options wide = { .cells = 1 << 15, .backends = 16, .lines = 6 };
	struct model few = model_of(MODEL(WEB("    vnodes: 100\n", THREE), OTHERS_BEFORE));
	struct model m = model_of(MODEL(WEB("    vnodes: 300\n", THREE), OTHERS_AFTER));
	struct memory *memory = memory_new(&wide), *other = memory_new(&wide);
	struct life *life = life_of(memory, &few), *want = life_of(other, &few);
	uint32_t *taken = buckets_take(&life->live->spills, 1);
	char said[4096];

	(void)state;
	for (int i = 0; i < 20; i++)
		fails(life, &m, said);
	buckets_give(&life->live->spills, taken);
	assert_int_equal(life_apply(life, &m), 0);
	assert_int_equal(life_apply(want, &m), 0);
	assert_end_alike(life, want, &m, "no buckets");
	assert_true(rings_asked(life) > 0);
	life_end(life);
	life_end(want);
	memory_free(memory);
	memory_free(other);
	model_clear(&few);
	model_clear(&m);
}

static void a_ring_without_room_to_shrink_stays_as_large_as_it_is(void **state)
{
	static const struct dp_options full = { .cells = 1024, .backends = 16, .lines = 6 };
	struct model large = model_of(MODEL(WEB("    vnodes: 40\n", THREE), ""));
	struct model small = model_of(MODEL(WEB("    vnodes: 3\n", THREE), ""));
	struct memory *memory = memory_new(&full);
	struct life *life = life_of(memory, &large);
	unsigned bits = live_service(life->live, "a-web")->main->cells.bits;

	(void)state;
	assert_int_equal(life_apply(life, &small), 0);
	life_settle(life);
	assert_int_equal(life_apply(life, &small), 0);
	assert_true(rings_asked(life) > 0);
	assert_int_equal(live_service(life->live, "a-web")->main->cells.bits, bits);
	life_end(life);
	memory_free(memory);
	model_clear(&large);
	model_clear(&small);
}

static int models_open(void **state)
{
	(void)state;
	before = model_of(MODEL(BEFORE, OTHERS_BEFORE));
	alone = model_of(MODEL(BEFORE, OTHERS_AFTER));
	return 0;
}

static int models_close(void **state)
{
	(void)state;
	model_clear(&before);
	model_clear(&alone);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_without_room_keeps_no_other_from_its_changes),
		cmocka_unit_test(a_new_service_without_room_is_not_found_by_its_vip),
		cmocka_unit_test(a_backend_of_a_service_that_fails_dies_all_the_same),
		cmocka_unit_test(a_service_that_fails_is_found_where_its_ring_is_now),
		cmocka_unit_test(rules_without_a_class_come_to_nothing_and_go_without_a_trace),
		cmocka_unit_test(a_ring_without_buckets_gives_back_what_it_took_in_vain),
		cmocka_unit_test(a_ring_without_room_to_shrink_stays_as_large_as_it_is),
	};

	return cmocka_run_group_tests(tests, models_open, models_close);
}
