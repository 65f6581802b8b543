// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened is known, by whom it was asked for, and after a restart too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/state.h"
#include "host.h"

#define MODEL \
	"hash_key: 0123456789abcdef0123456789abcdee\n" \
	"services:\n" \
	"  web: {vip: '10.200.1.1:80/tcp', mode: l2, backends: {a: 10.0.0.1}}\n" \
	"  dns: {vip: '10.200.1.2:53/udp', mode: l2, backends: {b: 10.0.0.2}}\n"

static struct events *events_of(struct running *r)
{
	return &r->start.daemon.events;
}

static const struct event *last(struct running *r)
{
	return events_at(events_of(r), events_of(r)->next - 1);
}

/* The loop runs for a while, so that what is due is written. */
static void stop(void *context)
{
	loop_stop(context);
}

static void a_while(struct running *r, unsigned ms)
{
	struct loop_timer timer;

	assert_int_equal(loop_timer_new(r->loop, &timer, stop, r->loop), 0);
	loop_timer_set(&timer, ms);
	assert_int_equal(loop_run(r->loop), 0);
	loop_timer_close(r->loop, &timer);
}

/* So many events, of which standard error gets nothing. */
static void storm(unsigned count)
{
	int screen = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(nowhere, STDERR_FILENO);
	for (unsigned i = 0; i < count; i++)
		log_of(LOG_LEVEL_INFO, "hot", "dns", "event %u", i);
	dup2(screen, STDERR_FILENO);
	close(nowhere);
	close(screen);
}

static void until_written(struct running *r)
{
	for (int tries = 0; tries < 200 && events_of(r)->written < events_of(r)->next; tries++)
		a_while(r, 50);
}

static json_t *list_of(struct running *r, const char *request, bool *ret_more, json_int_t *ret_after)
{
	json_t *data = ask(r, request), *list = json_incref(json_object_get(data, "events"));

	*ret_more = json_is_true(json_object_get(data, "more"));
	*ret_after = json_integer_value(json_object_get(data, "after"));
	json_decref(data);
	return list;
}

static void who_asked_is_known(void **state)
{
	const unsigned uid = 1234;
	struct running r;
	struct host h;

	(void)state;
	host_open(&h, MODEL);
	daemon_begin(&h, &r);
	events_asked_by(events_of(&r), &uid);
	do_it(&r, "{\"do\":\"backend-add\",\"service\":\"web\",\"name\":\"c\",\"address\":\"10.0.0.3\","
		  "\"weight\":\"2\"}");
	assert_string_equal(last(&r)->text, "uid 1234 asked for: backend add web c 10.0.0.3 --weight 2");
	assert_string_equal(last(&r)->kind, "command");
	assert_string_equal(last(&r)->name, "web");
	assert_string_equal(last(&r)->by, "uid 1234");
	/* What is refused, what is only planned and what only shows was not asked for. */
	const uint64_t next = events_of(&r)->next;

	free(answer_of(&r, "{\"do\":\"backend-del\",\"service\":\"web\",\"name\":\"z\"}"));
	do_it(&r, "{\"do\":\"backend-del\",\"service\":\"web\",\"name\":\"c\",\"plan\":true}");
	do_it(&r, "{\"do\":\"status\"}");
	assert_int_equal(events_of(&r)->next, next);
	events_asked_by(events_of(&r), NULL);
	log_of(LOG_LEVEL_WARNING, "health", "web", "backend %s", "a");
	assert_string_equal(last(&r)->by, "");
	assert_int_equal(last(&r)->level, LOG_LEVEL_WARNING);
	daemon_end(&r);
	host_close(&h);
}

static void they_are_shown_by_service_and_kind(void **state)
{
	json_int_t after;
	struct running r;
	struct host h;
	json_t *list;
	bool more;

	(void)state;
	host_open(&h, MODEL);
	daemon_begin(&h, &r);
	for (int i = 0; i < 3; i++) {
		log_of(LOG_LEVEL_INFO, "health", "web", "web is %d", i);
		log_of(LOG_LEVEL_INFO, "hot", "dns", "dns is %d", i);
		log_info("nobody's");
	}
	list = list_of(&r, "{\"do\":\"events\",\"service\":\"web\",\"kind\":\"health\",\"last\":2}", &more, &after);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "text")), "web is 1");
	assert_false(more);
	assert_int_equal(after, events_of(&r)->next - 1);
	json_decref(list);
	list = list_of(&r, "{\"do\":\"events\",\"kind\":\"daemon\",\"last\":1}", &more, &after);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "text")), "nobody's");
	assert_null(json_object_get(json_array_get(list, 0), "name"));
	json_decref(list);

	/* Piece by piece, from the oldest on. */
	storm(1200);
	unsigned told = 0;
	char request[64];

	after = 0;
	do {
		snprintf(request, sizeof(request), "{\"do\":\"events\",\"after\":%lld}", after);
		list = list_of(&r, request, &more, &after);
		assert_true(json_array_size(list) <= 500);
		told += json_array_size(list);
		json_decref(list);
	} while (more);
	assert_int_equal(told, events_of(&r)->next - events_of(&r)->first);
	daemon_end(&r);
	host_close(&h);
}

/* A daemon that ends without a chance to close anything. */
static void daemon_dies(struct host *h)
{
	struct running r;
	pid_t pid = fork();
	int status;

	if (!pid) {
		daemon_begin(h, &r);
		log_of(LOG_LEVEL_INFO, "health", "web", "before, with \"quotes\", \xc3\xa4");
		log_of(LOG_LEVEL_INFO, "health", "w\xff" "b", "before, with \xc3 bytes");
		until_written(&r);
		log_of(LOG_LEVEL_INFO, "health", "web", "appended");
		until_written(&r);
		_exit(events_of(&r)->next - 1);		/* its last number */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) > 2);
}

/* What is older than a tenth of a second is in the file. */
static void the_next_daemon_goes_on(void **state)
{
	const struct event *event;
	struct running r;
	uint64_t n = 1;
	struct host h;

	(void)state;
	host_open(&h, MODEL);
	daemon_dies(&h);
	daemon_begin(&h, &r);
	while ((event = events_at(events_of(&r), n)) && strncmp(event->text, "before", 6))
		n++;
	assert_non_null(event);
	assert_string_equal(event->text, "before, with \"quotes\", \xc3\xa4");
	assert_string_equal(event->name, "web");
	assert_true(event->at_ms > 0 && event->level == LOG_LEVEL_INFO);
	assert_string_equal(events_at(events_of(&r), n + 1)->text, "before, with ? bytes");
	assert_string_equal(events_at(events_of(&r), n + 1)->name, "w?b");
	assert_string_equal(events_at(events_of(&r), n + 2)->text, "appended");
	assert_string_equal(events_at(events_of(&r), n + 3)->text, "adopted the running datapath");
	daemon_end(&r);
	host_close(&h);
}

static void only_the_last_ones_are_kept(void **state)
{
	struct running r;
	struct host h;
	struct stat st;
	char path[128];

	(void)state;
	host_open(&h, MODEL);
	daemon_begin(&h, &r);
	for (int round = 0; round < 6; round++) {
		storm(EVENTS_KEPT);
		until_written(&r);
	}
	assert_int_equal(events_of(&r)->next - events_of(&r)->first, EVENTS_KEPT);
	assert_null(events_at(events_of(&r), events_of(&r)->first - 1));
	snprintf(path, sizeof(path), "%s/events.json", h.state);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 3 << 20);
	const uint64_t next = events_of(&r)->next;

	daemon_end(&r);
	daemon_begin(&h, &r);
	assert_int_equal(events_of(&r)->next - events_of(&r)->first, EVENTS_KEPT);
	assert_string_equal(events_at(events_of(&r), next - 1)->text, "event 9999");
	daemon_end(&r);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asked_is_known),
		cmocka_unit_test(they_are_shown_by_service_and_kind),
		cmocka_unit_test(the_next_daemon_goes_on),
		cmocka_unit_test(only_the_last_ones_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
