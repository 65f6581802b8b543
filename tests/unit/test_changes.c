// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of changes in the state directory: what one change costs does not depend on those
 * before it, and the next daemon knows them as the last one did.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/log.h"
#include "daemon/engine/roster.h"
#include "daemon/engine/state.h"
#include "host.h"

#define BACKENDS 24

static struct host host;
static struct running daemon_now;

static int opened(void **state)
{
	char yaml[4096];
	int at = sprintf(yaml, "hash_key: 00112233445566778899aabbccddeeff\nservices:\n  web:\n"
			       "    vip: 10.200.1.1:80/tcp\n    mode: ipip\n    vnodes: 12\n"
			       "    backends:\n");

	(void)state;
	for (int i = 1; i <= BACKENDS; i++)
		at += sprintf(yaml + at, "      a-backend-with-a-name-%d: 10.0.0.%d\n", i, i);
	host_open(&host, yaml);
	daemon_begin(&host, &daemon_now);
	return 0;
}

static int closed(void **state)
{
	(void)state;
	daemon_end(&daemon_now);
	host_close(&host);
	return 0;
}

static const struct changes *list(void)
{
	return engine_of(&daemon_now)->changes;
}

static const struct change_entry *change(uint32_t id)
{
	const struct change_entry *e = changes_find(list(), id);

	assert_non_null(e);
	return e;
}

static void weight_set(int backend, int thousandths, bool now)
{
	char request[256];

	snprintf(request, sizeof(request),
		 "{\"do\":\"backend-set\",\"service\":\"web\",\"name\":\"a-backend-with-a-name-%d\","
		 "\"weight\":\"%d.%03d\",\"now\":%s}", backend, thousandths / 1000,
		 thousandths % 1000, now ? "true" : "false");
	do_it(&daemon_now, request);
}

static uint32_t weight_of(int backend)
{
	char name[64];

	snprintf(name, sizeof(name), "a-backend-with-a-name-%d", backend);
	return service_backend(model_service(&engine_of(&daemon_now)->model, "web"), name)->weight;
}

/* The i-th of many changes, each of which moves something. */
static void moved(int i)
{
	weight_set(1 + i % BACKENDS, i / BACKENDS % 2 ? 1000 : 1500, true);
}

/* ---- the file ---- */

static size_t file_size(void)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/changes.json", host.state);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static char *file_read(size_t *ret_len)
{
	char path[128], *text = NULL;
	size_t room = 0;
	ssize_t got;
	FILE *from;

	snprintf(path, sizeof(path), "%s/changes.json", host.state);
	from = fopen(path, "re");
	assert_non_null(from);
	got = getdelim(&text, &room, EOF, from);
	assert_true(got > 0);
	fclose(from);
	*ret_len = got;
	return text;
}

static void file_write(const char *text, size_t len)
{
	char path[128];
	FILE *to;

	snprintf(path, sizeof(path), "%s/changes.json", host.state);
	to = fopen(path, "we");
	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, len, to), len);
	fclose(to);
}

/* Ends the daemon as a kill would, with that text as the file, and starts the next one. */
static void killed(const char *text, size_t len)
{
	daemon_end(&daemon_now);
	file_write(text, len);
	daemon_begin(&host, &daemon_now);
}

/* ---- costs ---- */

static void the_hundredth_change_writes_as_much_as_the_first(void **state)
{
	size_t written[101], most = 0, before, now;

	(void)state;
	weight_set(1, 900, true);	/* the first knows no ring: it writes a whole one */
	before = list()->more_bytes;
	for (int i = 0; i <= 100; i++) {
		moved(i);
		now = list()->more_bytes;
		written[i] = now > before ? now - before : 0;	/* 0: written as a whole */
		before = now;
		if (written[i] > most)
			most = written[i];
	}
	assert_true(written[1] > 0 && most < 2 * written[1]);
	assert_true(list()->count > 100);
}

static void the_file_is_no_more_than_twice_what_is_live(void **state)
{
	size_t whole;

	(void)state;
	for (int i = 0; i < 1500; i++)
		moved(i);
	whole = list()->whole_bytes;
	assert_true(file_size() < 2 * whole + (1 << 16) + 4096);
	assert_true(list()->count <= CHANGES_FOLLOWED + CHANGES_PAST + 1);
}

static void one_change_too_many_ends_the_oldest(void **state)
{
	const char *end = "no longer followed: 256 later changes are under way";

	(void)state;
	for (unsigned i = 0; i < CHANGES_FOLLOWED; i++)
		moved(i);
	assert_string_equal(change(1)->end, "");
	weight_set(1, 900, true);
	assert_string_equal(change(1)->end, end);
	assert_string_equal(change(2)->end, "");
}

/* ---- what the next daemon knows ---- */

static void same_change(const struct change_entry *a, const struct change_entry *b)
{
	struct plan plan;

	assert_string_equal(a->what[0], b->what[0]);
	assert_int_equal(a->stage, b->stage);
	assert_int_equal(a->undo_count, b->undo_count);
	assert_int_equal(a->begun, b->begun);
	assert_int_equal(a->settle, b->settle);
	assert_non_null(b->before);
	assert_int_equal(a->before->count, b->before->count);
	assert_int_equal(a->after->count, b->after->count);
	for (size_t i = 0; i < a->after->count; i++) {
		assert_string_equal(a->after->nodes[i].name, b->after->nodes[i].name);
		assert_int_equal(a->after->nodes[i].points, b->after->nodes[i].points);
	}
	assert_int_equal(a->plan.arc_count, b->plan.arc_count);
	assert_memory_equal(a->plan.arcs, b->plan.arcs, a->plan.arc_count * sizeof(*a->plan.arcs));
	assert_true(b->planned);
	assert_int_equal(change_plan_new(b, &plan), 0);		/* of two rings that are made again */
	assert_int_equal(plan.arc_count, a->plan.arc_count);
	assert_memory_equal(plan.arcs, a->plan.arcs, plan.arc_count * sizeof(*plan.arcs));
	assert_true(plan.least == a->least && plan.moved == a->moved * PLAN_CIRCLE);
	plan_clear(&plan);
}

/* Another daemon reads the file while the first one still knows what it wrote. */
static void read_beside(void)
{
	struct state *st;
	struct changes other;
	char copy[64], command[256];

	snprintf(copy, sizeof(copy), "%s/beside", host.dir);
	snprintf(command, sizeof(command), "rm -rf %s/beside; cp -r %s %s/beside", host.dir,
		 host.state, host.dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(state_open(copy, &st), 0);
	changes_open(&other, st, true);
	assert_int_equal(other.count, list()->count);
	assert_int_equal(other.next_id, list()->next_id);
	for (size_t i = 0; i < other.count; i++)
		same_change(list()->list[i], other.list[i]);
	changes_close(&other);
	state_close(st);
}

static void the_next_daemon_knows_all_changes_that_are_under_way(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		moved(i);
		read_beside();
	}
	do_it(&daemon_now, "{\"do\":\"backend-del\",\"service\":\"web\","
			   "\"name\":\"a-backend-with-a-name-3\",\"now\":true}");
	do_it(&daemon_now, "{\"do\":\"backend-add\",\"service\":\"web\",\"name\":\"new\","
			   "\"address\":\"10.0.0.99\",\"now\":true}");
	do_it(&daemon_now, "{\"do\":\"backend-set\",\"service\":\"web\","
			   "\"name\":\"a-backend-with-a-name-5\",\"address\":\"10.0.1.5\",\"now\":true}");
	do_it(&daemon_now, "{\"do\":\"backend-set\",\"service\":\"web\",\"name\":\"new\","
			   "\"weight\":\"7\",\"now\":true}");
	read_beside();
}

/* Each request within one flush is undone by itself, the last one first. */
static void a_change_of_many_requests_is_undone_by_the_next_daemon(void **state)
{
	_free_ char *text = NULL;
	size_t len;

	(void)state;
	weight_set(1, 1500, false);
	weight_set(2, 1600, false);
	weight_set(1, 1700, false);
	do_it(&daemon_now, "{\"do\":\"backend-add\",\"service\":\"web\",\"name\":\"new\","
			   "\"address\":\"10.0.0.99\"}");
	do_it(&daemon_now, "{\"do\":\"backend-set\",\"service\":\"web\",\"name\":\"new\","
			   "\"weight\":\"3\",\"now\":true}");
	assert_int_equal(list()->count, 1);
	weight_set(4, 1400, true);
	text = file_read(&len);
	killed(text, len);
	do_it(&daemon_now, "{\"do\":\"change-cancel\",\"id\":1,\"now\":true}");
	assert_int_equal(weight_of(1), 1000);
	assert_int_equal(weight_of(2), 1000);
	assert_int_equal(weight_of(4), 1400);
	assert_null(service_backend(model_service(&engine_of(&daemon_now)->model, "web"), "new"));
	assert_string_equal(change(1)->end, "cancelled by 3");
	assert_int_equal(change(1)->undo_count, 0);
}

static void settings_and_vips_are_undone_too(void **state)
{
	const struct service *s;
	struct service normal;

	(void)state;
	service_init(&normal);
	do_it(&daemon_now, "{\"do\":\"service-set\",\"service\":\"web\",\"vnodes\":\"24\","
			   "\"vips\":[\"10.200.1.1:80/tcp\",\"10.200.1.2:80/tcp\"],"
			   "\"panic\":\"0.4\",\"now\":true}");
	do_it(&daemon_now, "{\"do\":\"change-cancel\",\"id\":1,\"now\":true}");
	s = model_service(&engine_of(&daemon_now)->model, "web");
	assert_int_equal(s->vnodes, 12);
	assert_int_equal(s->backend_count, BACKENDS);
	assert_int_equal(s->vip_count, 1);
	assert_int_equal(s->panic, normal.panic);
}

/* What became of the file; empty: it was whole. */
static const char *aside(void)
{
	return engine_of(&daemon_now)->state->file[STATE_CHANGES].aside;
}

/* Wherever a kill cuts the last line, all before it is known; the rest is left out, and kept aside. */
static void a_line_that_was_cut_is_left_out(void **state)
{
	_free_ char *text = NULL;
	size_t len, last;

	(void)state;
	weight_set(1, 1500, true);
	weight_set(2, 1500, true);
	text = file_read(&len);
	for (last = len - 1; text[last - 1] != '\n';)
		last--;
	for (size_t cut = last + 1; cut < len; cut += (len - last) / 7) {
		killed(text, cut);
		assert_int_equal(list()->count, cut == len - 1 ? 2 : 1);
		assert_int_equal(change(1)->undo_count, 1);
		if (cut < len - 1)
			assert_non_null(strstr(aside(), "changes.json.bad"));
		assert_int_equal(weight_of(2), 1500);
	}
}

/* ---- other versions ---- */

/* As version 0.3.0 wrote it: all in one, each change under way with whole rings and services. */
static const char old_file[] =
	"{\"next_id\":8,\"changes\":["
	"{\"id\":6,\"service\":\"web\",\"what\":[\"backend add x\"],\"asked\":1,\"stage\":5,"
	"\"end\":\"done\",\"asked_ms\":5,\"ended_ms\":9,\"begun\":1,\"window\":1,\"settle\":1,"
	"\"cells\":3,\"planned\":true,\"moved\":0.25,\"least\":0.25,\"before\":[],\"after\":[]},"
	"{\"id\":7,\"service\":\"web\",\"what\":[\"backend set b: weight 2\"],\"asked\":1,\"stage\":1,"
	"\"end\":\"\",\"asked_ms\":5,\"ended_ms\":0,\"begun\":1,\"window\":30000000000,"
	"\"settle\":300000000000,\"cells\":3,\"planned\":true,\"moved\":0.25,\"least\":0.25,"
	"\"before\":[{\"name\":\"b\",\"weight\":1000,\"points\":12,\"machine\":1}],"
	"\"after\":[{\"name\":\"b\",\"weight\":2000,\"points\":24,\"machine\":1}],"
	"\"undo_from\":\"hash_key: 00112233445566778899aabbccddeeff\\nservices: {web: "
	"{vip: 10.200.1.1:80/tcp, mode: ipip, vnodes: 12, backends: {a-backend-with-a-name-1: "
	"{address: 10.0.0.1, weight: 2}}}}\\n\","
	"\"undo_to\":\"hash_key: 00112233445566778899aabbccddeeff\\nservices: {web: "
	"{vip: 10.200.1.1:80/tcp, mode: ipip, vnodes: 12, backends: {a-backend-with-a-name-1: "
	"{address: 10.0.0.1, weight: 1.5}}}}\\n\"}]}";

static void the_list_of_version_0_3_0_is_read(void **state)
{
	(void)state;
	killed(old_file, strlen(old_file));
	assert_int_equal(list()->count, 2);
	assert_int_equal(list()->next_id, 8);
	assert_string_equal(change(6)->end, "done");
	assert_int_equal(change(6)->took_ms, 4);
	assert_true(change(6)->planned && change(6)->moved == 0.25);
	assert_int_equal(change(7)->after->nodes[0].points, 24);
	do_it(&daemon_now, "{\"do\":\"change-show\",\"id\":7}");
	do_it(&daemon_now, "{\"do\":\"change-cancel\",\"id\":7,\"now\":true}");
	assert_int_equal(weight_of(1), 1500);
	assert_string_equal(change(7)->end, "cancelled by 8");
}

#define test(it) cmocka_unit_test_setup_teardown(it, opened, closed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_hundredth_change_writes_as_much_as_the_first),
		test(the_file_is_no_more_than_twice_what_is_live),
		test(one_change_too_many_ends_the_oldest),
		test(the_next_daemon_knows_all_changes_that_are_under_way),
		test(a_change_of_many_requests_is_undone_by_the_next_daemon),
		test(settings_and_vips_are_undone_too),
		test(a_line_that_was_cut_is_left_out),
		test(the_list_of_version_0_3_0_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
