// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon from its control socket to its maps, which are memory, and with a state directory
 * of its own: all but dp/, daemon/net and main.c, without root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/step.h"
#include "base/util.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/engine/log.h"
#include "daemon/live/live.h"
#include "daemon/watch/hands.h"
#include "dp/dp.h"
#include "host.h"
#include "life.h"
#include "models.h"

/* Half an hour passes, and walks go round. */
static void time_passes(struct running *r)
{
	struct engine *e = engine_of(r);

	for (int i = 0; i < 30; i++) {
		walk_whole(e->walk);
		engine_clock_advance(e, 60 * NS_PER_S);
	}
	walk_whole(e->walk);
}

/* And nothing is under way any more. */
static void settle(struct running *r)
{
	struct engine *e = engine_of(r);

	time_passes(r);
	assert_int_equal(engine_flush(e, false), 0);	/* what may shrink does */
	walk_whole(e->walk);
	engine_clock_advance(e, 60 * NS_PER_S);
	walk_whole(e->walk);
	assert_false(live_busy(e->live));
}

static char *answers(const struct running *r, bool old)
{
	static struct model models[2];
	const struct model *both[] = { &models[0], &models[1] };

	if (!models[0].service_count) {
		models[0] = model_of(MODEL_PLAIN);
		models[1] = model_of(MODEL_RULES);
	}
	return answers_text(engine_of(r)->dp, both, 2, old);
}

/* ---- starting ---- */

static void a_daemon_on_running_maps_writes_the_vip_table_alone(void **state)
{
	static const char *const yaml[] = { MODEL_PLAIN, MODEL_WEIGHTS, MODEL_RULES };
	struct host h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yaml); i++) {
		struct running r;
		const char *differs;
		void *copy;

		host_open(&h, yaml[i]);
		daemon_begin(&h, &r);
		assert_int_equal(h.memory->takeovers, 1);
		settle(&r);
		daemon_end(&r);
		copy = memory_copy(h.memory, NULL);
		daemon_begin(&h, &r);
		differs = memory_difference(h.memory, copy, false);
		if (differs)
			fail_msg("model %zu: written: %s", i, differs);
		assert_int_equal(engine_of(&r)->stats.cells, 0);
		daemon_end(&r);
		munmap(copy, h.memory->size);
		host_close(&h);
	}
}

static void what_is_set_by_hand_is_there_after_a_restart(void **state)
{
	struct running r;
	struct host h;
	json_t *data;

	(void)state;
	host_open(&h, MODEL_PLAIN);
	daemon_begin(&h, &r);
	do_it(&r, "{\"do\":\"hot-split\",\"service\":\"users\",\"key\":\"192.0.2.7\",\"shards\":64}");
	do_it(&r, "{\"do\":\"hot-pin\",\"service\":\"users\",\"key\":\"192.0.2.1\",\"backend\":\"a\"}");
	do_it(&r, "{\"do\":\"backend-add\",\"service\":\"users\",\"name\":\"e\",\"address\":"
		  "\"10.0.0.5\",\"now\":true}");
	assert_int_equal(engine_of(&r)->live->key_count, 2);
	for (int i = 0; i < 2; i++) {
		_free_ char *before = NULL, *after = NULL;

		before = answers(&r, true);
		assert_non_null(strstr(before, "users/a@10.0.0.1"));
		daemon_end(&r);
		daemon_begin(&h, &r);
		after = answers(&r, true);
		assert_string_equal(after, before);
		assert_int_equal(engine_of(&r)->live->key_count, 2);
		assert_int_equal(r.start.daemon.hot.hand_count, 2);
		assert_non_null(service_backend(model_service(&engine_of(&r)->model, "users"), "e"));
		settle(&r);
	}
	data = ask(&r, "{\"do\":\"hot\"}");
	json_decref(data);
	do_it(&r, "{\"do\":\"hot-clear\",\"service\":\"users\",\"key\":\"192.0.2.7\"}");
	settle(&r);
	assert_int_equal(engine_of(&r)->live->key_count, 1);
	daemon_end(&r);
	host_close(&h);
}

/* Keys of so many clients are kept as set by hand, in some order. */
static void hands_put(const struct host *h, unsigned count)
{
	char path[128];
	FILE *to;

	snprintf(path, sizeof(path), "%s/hot.json", h->state);
	to = fopen(path, "we");
	assert_non_null(to);
	for (unsigned i = 0; i < count; i++) {
		unsigned n = i * 7919 % count;

		fprintf(to, "%s{\"service\":\"users\",\"key\":\"198.18.%u.%u\",\"state\":\"exempt\"}",
			i ? "," : "[", n / 256, n % 256);
	}
	fprintf(to, "]");
	fclose(to);
}

static void do_key(struct running *r, const char *verb, unsigned n)
{
	char request[160];

	snprintf(request, sizeof(request), "{\"do\":\"%s\",\"service\":\"users\","
		 "\"key\":\"198.18.%u.%u\"}", verb, n / 256, n % 256);
	do_it(r, request);
}

/* As many as the maps have entries; and each is found again. */
static void a_key_too_many_is_not_set_by_hand(void **state)
{
	static const char more[] = "{\"do\":\"hot-split\",\"service\":\"users\",\"key\":\"192.0.2.7\"}";
	struct running r;
	struct host h;
	char *refused;

	(void)state;
	host_open(&h, MODEL_PLAIN);
	hands_put(&h, HANDS_MOST);
	daemon_begin(&h, &r);
	assert_int_equal(r.start.daemon.hot.hand_count, HANDS_MOST);
	refused = answer_of(&r, more);
	assert_non_null(strstr(refused, "1024 keys are set by hand: want another one cleared"));
	free(refused);
	for (unsigned n = 0; n < HANDS_MOST; n += 93)
		do_key(&r, "hot-exempt", n);		/* in place of itself: there is room */
	assert_int_equal(r.start.daemon.hot.hand_count, HANDS_MOST);
	do_key(&r, "hot-clear", 514);
	do_it(&r, more);
	do_it(&r, "{\"do\":\"hot-clear\",\"service\":\"users\",\"key\":\"192.0.2.7\"}");
	for (unsigned n = 0; n < HANDS_MOST; n += 93)
		do_key(&r, "hot-clear", n);
	assert_int_equal(r.start.daemon.hot.hand_count, HANDS_MOST - 1 - 12);
	daemon_end(&r);
	hands_put(&h, HANDS_MOST + 5);
	daemon_begin(&h, &r);
	assert_int_equal(r.start.daemon.hot.hand_count, HANDS_MOST);
	daemon_end(&r);
	host_close(&h);
}

static void what_can_be_asked_is_answered(void **state)
{
	static const char *const requests[] = {
		"{\"do\":\"service-list\"}", "{\"do\":\"backend-list\",\"service\":\"users\"}",
		"{\"do\":\"changes\"}", "{\"do\":\"change-show\",\"id\":1}", "{\"do\":\"hot\"}",
		"{\"do\":\"placement-show\",\"service\":\"users\"}",
		"{\"do\":\"placement-explain\",\"service\":\"users\",\"client\":\"192.0.2.7\"}",
		"{\"do\":\"placement-forecast\",\"service\":\"users\"}", "{\"do\":\"placement-audit\"}",
		"{\"do\":\"placement-homes\",\"service\":\"users\"}", "{\"do\":\"flows\"}",
		"{\"do\":\"top\"}", "{\"do\":\"ring-show\",\"service\":\"users\"}",
		"{\"do\":\"ring-lookup\",\"service\":\"users\",\"keys\":[\"192.0.2.7\"]}",
		"{\"do\":\"stats\"}", "{\"do\":\"status\"}", "{\"do\":\"save\"}",
	};
	struct running r;
	struct host h;

	(void)state;
	host_open(&h, MODEL_PLAIN);
	daemon_begin(&h, &r);
	host_file_put(&h, MODEL_RULES);
	assert_int_equal(file_reload(&r.start.daemon.file), 0);
	for (int i = 0; i < 2; i++) {		/* while all changes, and when it has */
		for (size_t k = 0; k < ARRAY_SIZE(requests); k++)
			do_it(&r, requests[k]);
		settle(&r);
	}
	daemon_end(&r);
	host_close(&h);
}

/* ---- a service that fails ---- */

static const char *stage_of(struct running *r, const char *service)
{
	static char stage[64];
	json_t *data = ask(r, "{\"do\":\"changes\"}"), *list, *change;
	size_t i;

	list = json_is_array(data) ? data : json_object_get(data, "changes");
	stage[0] = 0;
	json_array_foreach(list, i, change) {
		const char *of = json_string_value(json_object_get(change, "service"));
		const char *is = json_string_value(json_object_get(change, "stage"));

		assert_true(of && is);
		if (!strcmp(of, service))
			snprintf(stage, sizeof(stage), "%s", is);
	}
	json_decref(data);
	return stage;
}

static void stop(void *context)
{
	loop_stop(context);
}

/* The loop goes round for so long. */
static void turn_ms(struct running *r, uint32_t ms)
{
	struct loop_timer timer;

	assert_int_equal(loop_timer_new(r->loop, &timer, stop, r->loop), 0);
	loop_timer_set(&timer, ms);
	assert_int_equal(loop_run(r->loop), 0);
	loop_timer_close(r->loop, &timer);
}

#define TWO(users, weight) MODEL_HASH_KEY \
	"services:\n" \
	"  users:\n" \
	"    vip: 10.200.1.1:80/tcp\n" \
	"    mode: ipip\n" \
	"    vnodes: 12\n" \
	"    backends: {a: {address: 10.0.0.1, weight: " users "}, b: 10.0.0.2}\n" \
	"  web:\n" \
	"    vip: 10.200.1.2:80/tcp\n" \
	"    mode: ipip\n" \
	"    vnodes: 3\n" \
	"    backends: {w1: {address: 10.0.2.1, weight: " weight "}, w2: 10.0.2.2}\n"

static void a_service_that_fails_is_tried_again_and_others_change_meanwhile(void **state)
{
	struct engine *e;
	struct running r;
	struct host h;
	uint64_t flushes, gathered;
	uint32_t *taken;

	(void)state;
	host_open(&h, TWO("1", "2"));
	daemon_begin(&h, &r);
	settle(&r);
	e = engine_of(&r);
	flushes = e->stats.flushes;
	taken = buckets_take(&e->live->spills, 0);

	/* No bucket is free for cells with several splits, and `users` wants some. */
	host_file_put(&h, TWO("40", "1"));
	assert_int_equal(file_reload(&r.start.daemon.file), 0);
	assert_true(e->failed);
	assert_true(live_service(e->live, "users")->failed);
	assert_false(live_service(e->live, "web")->failed);
	assert_int_equal(e->stats.flushes, flushes + 1);
	assert_int_equal(e->stats.pending, 0);
	assert_string_equal(stage_of(&r, "users"), "prepare");
	assert_string_equal(stage_of(&r, "web"), "copy");

	/* A change of another service waits for nobody, and is over before the failed one. */
	time_passes(&r);
	assert_string_equal(stage_of(&r, "web"), "done");
	gathered = e->stats.gathered;
	do_it(&r, "{\"do\":\"backend-set\",\"service\":\"web\",\"name\":\"w2\",\"weight\":\"3\","
		  "\"now\":true}");
	assert_int_equal(e->stats.gathered, gathered);
	assert_string_equal(stage_of(&r, "web"), "copy");
	assert_string_equal(stage_of(&r, "users"), "prepare");
	assert_true(e->failed);

	/* Room comes; the next try is within a second. */
	buckets_give(&e->live->spills, taken);
	for (int i = 0; i < 30 && e->failed; i++)
		turn_ms(&r, 100);
	assert_false(e->failed);
	assert_string_not_equal(stage_of(&r, "users"), "prepare");
	daemon_end(&r);
	host_close(&h);
}

/* 25 backends, of which 20 leave when 15 others are wanted; there are 31 ids. */
#define BACKENDS_5(n) \
	"b" n "1: 10.0." n ".1, b" n "2: 10.0." n ".2, b" n "3: 10.0." n ".3, " \
	"b" n "4: 10.0." n ".4, b" n "5: 10.0." n ".5"
#define USERS_OF(backends) MODEL_HASH_KEY \
	"services:\n" \
	"  users: {vip: 10.200.1.1:80/tcp, mode: ipip, vnodes: 5, backends: {" backends "}}\n"
#define USERS_25 USERS_OF(BACKENDS_5("1") ", " BACKENDS_5("2") ", " BACKENDS_5("3") ", " \
			  BACKENDS_5("4") ", " BACKENDS_5("5"))
#define USERS_5 USERS_OF(BACKENDS_5("1")) \
	"  web: {vip: 10.200.1.2:80/tcp, mode: ipip, vnodes: 5, backends: {" \
	BACKENDS_5("6") ", " BACKENDS_5("7") ", " BACKENDS_5("8") "}}\n"

static void a_start_without_room_for_a_service_serves_the_others(void **state)
{
	struct engine *e;
	struct running r;
	struct host h;

	(void)state;
	host_open(&h, USERS_25);
	daemon_begin(&h, &r);
	daemon_end(&r);
	host_file_put(&h, USERS_5);
	daemon_begin(&h, &r);
	e = engine_of(&r);
	assert_int_equal(h.memory->takeovers, 2);
	assert_true(live_service(e->live, "web")->failed);
	assert_int_equal(live_service(e->live, "users")->leaving_count, 20);
	time_passes(&r);
	for (int i = 0; i < 30 && e->failed; i++)
		turn_ms(&r, 100);
	assert_false(e->failed);
	assert_int_equal(live_service(e->live, "web")->backend_count, 15);
	daemon_end(&r);
	host_close(&h);
}

/* ---- one service in place of another ---- */

#define SERVICE_OF_20(name) \
	"  " name ": {vip: 10.200.1.1:80/tcp, mode: ipip, vnodes: 5, backends: {" \
	BACKENDS_5("1") ", " BACKENDS_5("2") ", " BACKENDS_5("3") ", " BACKENDS_5("4") "}}\n"
#define IN_PLACE_OF_IDS(name) MODEL_HASH_KEY "services:\n" SERVICE_OF_20(name) \
	"  other: {vip: 10.200.1.2:80/tcp, mode: ipip, backends: {x: 10.0.9.1}}\n"

/* A rule for so many single addresses, far from one another. */
static char *in_place_of_lines(const char *name, unsigned networks)
{
	char *yaml;
	size_t size;
	FILE *to = open_memstream(&yaml, &size);

	fprintf(to, MODEL_HASH_KEY "regions: {east: {}}\nservices:\n  %s:\n    vip: 10.200.1.1:80/tcp\n"
		    "    mode: ipip\n    vnodes: 5\n    placement:\n      - {preferences: [east], "
		    "clients: [192.0.2.1", name);
	for (unsigned i = 1; i < networks; i++)
		fprintf(to, ", 10.%u.%u.9", i, 7 * i % 256);
	fprintf(to, "]}\n    backends: {a: {address: 10.0.0.1, region: east}, b: 10.0.0.2}\n"
		    "  other: {vip: 10.200.1.2:80/tcp, mode: ipip, backends: {x: 10.0.9.1}}\n");
	fclose(to);
	return yaml;
}

static void takes_the_place(const char *first, const char *second)
{
	struct engine *e;
	struct running r;
	struct host h;

	host_open(&h, first);
	daemon_begin(&h, &r);
	e = engine_of(&r);
	host_file_put(&h, second);
	assert_int_equal(file_reload(&r.start.daemon.file), 0);
	assert_false(e->failed);
	assert_null(live_service(e->live, "a"));
	assert_non_null(live_service(e->live, "b"));
	do_it(&r, "{\"do\":\"backend-set\",\"service\":\"other\",\"name\":\"x\",\"weight\":\"2\","
		  "\"now\":true}");
	assert_int_equal(e->stats.pending, 0);
	daemon_end(&r);
	daemon_begin(&h, &r);
	assert_false(engine_of(&r)->failed);
	daemon_end(&r);
	host_close(&h);
}

static void a_service_takes_the_place_of_another_that_has_half_of_the_maps(void **state)
{
	_free_ char *a = in_place_of_lines("a", 100), *b = in_place_of_lines("b", 100);

	(void)state;
	takes_the_place(IN_PLACE_OF_IDS("a"), IN_PLACE_OF_IDS("b"));
	takes_the_place(a, b);
}

/* ---- many changes ---- */

#define OLD_SERVICE \
	"  old:\n" \
	"    vip: 10.200.1.1:80/tcp\n" \
	"    mode: ipip\n" \
	"    tcp_idle: 1h\n" \
	"    backends: {a: {address: 10.0.0.1, weight: 2}, b: 10.0.0.2}\n"
#define NEW_SERVICE \
	"  web:\n" \
	"    vip: 10.200.1.2:80/tcp\n" \
	"    mode: ipip\n" \
	"    backends: {w1: 10.0.2.1, w2: 10.0.2.2}\n"

static size_t past_of(const struct engine *e)
{
	size_t past = 0;

	for (size_t i = 0; i < e->changes->count; i++)
		past += e->changes->list[i]->stage == STAGE_DONE;
	return past;
}

/* Its service goes meanwhile, so that time alone ends it. */
static void a_change_that_ends_as_the_oldest_of_very_many_is_forgotten_afterwards(void **state)
{
	struct running r;
	struct host h;

	(void)state;
	host_open(&h, MODEL_HASH_KEY "services:\n" OLD_SERVICE NEW_SERVICE);
	daemon_begin(&h, &r);
	do_it(&r, "{\"do\":\"backend-set\",\"service\":\"old\",\"name\":\"a\",\"weight\":\"3\","
		  "\"now\":true}");
	assert_string_equal(stage_of(&r, "old"), "copy");
	for (int i = 0; i < CHANGES_PAST + 10; i++) {
		char request[160];

		snprintf(request, sizeof(request), "{\"do\":\"backend-set\",\"service\":\"web\","
			 "\"name\":\"w1\",\"weight\":\"%d\",\"now\":true,\"cut\":true}", 2 + i % 2);
		do_it(&r, request);
	}
	assert_int_equal(past_of(engine_of(&r)), CHANGES_PAST);
	do_it(&r, "{\"do\":\"service-del\",\"service\":\"old\",\"now\":true}");
	engine_clock_advance(engine_of(&r), 7200 * NS_PER_S);
	assert_string_equal(stage_of(&r, "old"), "");
	assert_int_equal(past_of(engine_of(&r)), CHANGES_PAST);
	daemon_end(&r);
	host_close(&h);
}

/* ---- kills ---- */

struct note {
	uint64_t steps;
};

static struct note *note;

/* Reads the file again and lets time pass, until the step. True: it died. */
static bool dies(struct host *h, uint64_t step)
{
	pid_t child = fork();
	struct running r;
	int status;

	assert_true(child >= 0);
	if (!child) {
		daemon_begin(h, &r);
		host_file_put(h, MODEL_RULES);
		step_fatal = step;
		if (file_reload(&r.start.daemon.file))
			_exit(1);
		settle(&r);
		note->steps = step - step_fatal;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : !WEXITSTATUS(status));
	return WIFSIGNALED(status);
}

/* At each so many-th step, with all that the state directory then holds. */
static void a_daemon_killed_in_a_change_is_followed_by_one_that_ends_alike(void **state)
{
	const char *kills = getenv("XRING_KILLS");
	double count = kills ? atof(kills) : 100;
	_free_ char *end = NULL;
	uint64_t steps = 0;

	(void)state;
	for (double at = 0; at <= steps; at += steps / count) {
		_free_ char *is = NULL;
		struct running r;
		struct host h;

		host_open(&h, MODEL_PLAIN);
		daemon_begin(&h, &r);
		settle(&r);
		daemon_end(&r);
		if (dies(&h, at ? at : UINT64_MAX) != (at > 0))
			fail_msg("step %g of %lu", at, (unsigned long)steps);
		steps = steps ?: note->steps;
		daemon_begin(&h, &r);
		settle(&r);
		is = answers(&r, false);
		if (!end)
			end = strdup(is);
		assert_string_equal(is, end);
		daemon_end(&r);
		host_close(&h);
		assert_true(steps > 0);
	}
}

static int note_open(void **state)
{
	(void)state;
	note = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return note == MAP_FAILED;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_daemon_on_running_maps_writes_the_vip_table_alone),
		cmocka_unit_test(what_is_set_by_hand_is_there_after_a_restart),
		cmocka_unit_test(a_key_too_many_is_not_set_by_hand),
		cmocka_unit_test(what_can_be_asked_is_answered),
		cmocka_unit_test(a_start_without_room_for_a_service_serves_the_others),
		cmocka_unit_test(a_service_takes_the_place_of_another_that_has_half_of_the_maps),
		cmocka_unit_test(a_change_that_ends_as_the_oldest_of_very_many_is_forgotten_afterwards),
		cmocka_unit_test(a_service_that_fails_is_tried_again_and_others_change_meanwhile),
		cmocka_unit_test(a_daemon_killed_in_a_change_is_followed_by_one_that_ends_alike),
	};

	return cmocka_run_group_tests(tests, note_open, NULL);
}
