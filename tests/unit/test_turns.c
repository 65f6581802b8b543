// SPDX-License-Identifier: GPL-2.0-or-later
/* Long answers, which are made in turns: the same text however often others have a turn between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/util.h"
#include "daemon/control/socket.h"
#include "daemon/control/turns.h"
#include "daemon/control/verbs.h"
#include "host.h"

/* A configuration of so many services with so many backends each. */
static char *yaml_of(unsigned services, unsigned backends, unsigned vnodes)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "hash_key: 0123456789abcdef0123456789abcdee\nservices:%s\n", services ? "" : " {}");
	for (unsigned s = 0; s < services; s++) {
		fprintf(f, "  s%u: {vip: '10.200.%u.%u:80/tcp', mode: l2, vnodes: %u, backends: {", s, s / 250,
			s % 250 + 1, vnodes);
		for (unsigned b = 0; b < backends; b++)
			fprintf(f, "%sb%u: 10.1.%u.%u", b ? ", " : "", b, s, b + 1);
		fprintf(f, "}}\n");
	}
	fprintf(f, "...\n");
	fclose(f);
	return text;
}

static void begin(struct host *h, struct running *r, unsigned services, unsigned backends,
		  unsigned vnodes)
{
	static const struct dp_options sizes = { .cells = 1 << 21, .backends = 2048, .lines = 256 };
	_free_ char *yaml = yaml_of(services, backends, vnodes);

	host_open(h, yaml);
	memory_free(h->memory);
	h->memory = memory_new(&sizes);
	daemon_begin(h, r);
}

static void end(struct host *h, struct running *r)
{
	daemon_end(r);
	host_close(h);
}

static struct turns *asked(struct running *r, const char *request)
{
	struct parts *parts = NULL;
	struct later later;

	assert_null(verbs_answer(&r->start.daemon, &parts, request, strlen(request), &later));
	assert_int_equal(later.aside.fd, -1);
	assert_non_null(later.turns);
	return later.turns;
}

/* The rest of the answer, a piece a turn; the caller's, without the end of its line. */
static char *rest_of(struct turns *t, struct buffer *text)
{
	char *ret;
	int done;

	while (!(done = turns_more(t, text, 0)))
		;
	assert_int_equal(done, 1);
	turns_free(t);
	ret = strndup(text->data + text->start, buffer_len(text) - 1);
	assert_int_equal(text->data[text->end - 1], '\n');
	buffer_clear(text);
	return ret;
}

static json_t *data_of(const char *text)
{
	json_error_t error;
	json_t *answer = json_loads(text, 0, &error), *data;

	if (!json_is_true(json_object_get(answer, "ok")))
		fail_msg("%s: %s", error.text, text);
	data = json_incref(json_object_get(answer, "data"));
	json_decref(answer);
	return data;
}

static void pieces_are_the_whole(void **state)
{
	static const char *const requests[] = {
		"{\"do\":\"stats\"}", "{\"do\":\"backend-list\"}", "{\"do\":\"service-list\"}",
		"{\"do\":\"stats\",\"service\":\"s1\"}", "{\"do\":\"backend-list\",\"service\":\"s1\"}",
		"{\"do\":\"service-list\",\"service\":\"s1\"}",
	};
	struct running r;
	struct host h;

	(void)state;
	for (unsigned services = 0; services < 4; services++) {
		begin(&h, &r, services, services, 8);
		for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
			struct buffer text = {};

			if (services < 2 && strstr(requests[i], "s1"))
				continue;
			_free_ char *whole = answer_of(&r, requests[i]);
			_free_ char *pieces = rest_of(asked(&r, requests[i]), &text);

			assert_string_equal(pieces, whole);
			json_decref(data_of(whole));
		}
		end(&h, &r);
	}
}

static void all_are_told(void **state)
{
	json_t *services, *backends, *top;
	struct running r;
	struct host h;

	(void)state;
	begin(&h, &r, 5, 3, 8);
	top = ask(&r, "{\"do\":\"top\"}");
	services = json_object_get(top, "services");
	assert_int_equal(json_array_size(services), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(json_array_size(json_object_get(json_array_get(services, i),
								 "backends")), 3);
	backends = ask(&r, "{\"do\":\"backend-list\"}");
	assert_int_equal(json_array_size(backends), 15);
	json_decref(backends);
	json_decref(top);
	end(&h, &r);
}

/* Services go, or come, while the answer is told. */
static void who_goes_meanwhile_is_left_out(void **state)
{
	static const char *const names[] = { "s0", "s1", "s3" };
	struct buffer text = {};
	struct running r;
	struct host h;
	struct turns *t;
	json_t *list;

	(void)state;
	begin(&h, &r, 4, 3, 8);
	t = asked(&r, "{\"do\":\"service-list\"}");
	for (int i = 0; i < 5 + 2; i++)	/* s0 whole, s1 and its first backend */
		assert_int_equal(turns_more(t, &text, 0), 0);
	do_it(&r, "{\"do\":\"service-del\",\"service\":\"s1\"}");
	do_it(&r, "{\"do\":\"service-del\",\"service\":\"s2\"}");
	do_it(&r, "{\"do\":\"service-add\",\"service\":\"new\",\"mode\":\"l2\",\"vips\":[\"10.200.9.9:80/tcp\"]}");
	_free_ char *answer = rest_of(t, &text);
	list = data_of(answer);
	assert_int_equal(json_array_size(list), ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *s = json_array_get(list, i);

		assert_string_equal(json_string_value(json_object_get(s, "name")), names[i]);
		assert_int_equal(json_array_size(json_object_get(s, "backends")), i == 1 ? 1 : 3);
	}
	json_decref(list);
	end(&h, &r);
}

/* ---- others have their turn ---- */

struct asker {
	struct loop *loop;
	struct loop_source source;
	struct buffer got;
	struct asker *other;		/* has to be answered before this one is; NULL: nobody */
	bool answered;
};

static void heard(void *context, uint32_t events)
{
	struct asker *a = context;

	(void)events;
	while (buffer_read(&a->got, a->source.fd) > 0)	/* all that is there */
		;
	if (!buffer_has_line(&a->got))
		return;
	a->answered = true;
	if (!a->other)
		return;
	assert_true(a->other->answered);
	loop_stop(a->loop);
}

static void asker_ask(struct asker *a, const struct host *h, struct loop *loop, const char *request)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(to.sun_path, h->socket);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	a->loop = loop;
	a->source = (struct loop_source){ fd, heard, a };
	assert_int_equal(loop_add(loop, &a->source, EPOLLIN), 0);
}

static void asker_end(struct asker *a)
{
	loop_remove(a->loop, &a->source);
	close(a->source.fd);
	buffer_clear(&a->got);
}

/* The long one fits into the socket whole: if it were made at once it would be heard first. */
static void a_short_question_does_not_wait_for_a_long_answer(void **state)
{
	struct asker quick = {}, slow = { .other = &quick };
	struct running r;
	struct host h;

	(void)state;
	begin(&h, &r, 64, 16, 8);
	asker_ask(&slow, &h, r.loop, "{\"do\":\"stats\"}\n");
	asker_ask(&quick, &h, r.loop, "{\"do\":\"status\"}\n");
	assert_int_equal(loop_run(r.loop), 0);
	_free_ char *answer = strndup(slow.got.data, buffer_len(&slow.got));
	json_t *data = data_of(answer);

	assert_int_equal(json_array_size(json_object_get(data, "services")), 64);
	json_decref(data);
	asker_end(&slow);
	asker_end(&quick);
	end(&h, &r);
}

/* One that goes in the middle of its answer, and one that asks for the next before it has fetched it. */
static void askers_may_go_and_may_hurry(void **state)
{
	struct asker quick = {}, slow = { .other = &quick }, gone = {};
	struct running r;
	struct host h;

	(void)state;
	begin(&h, &r, 16, 64, 8);
	asker_ask(&gone, &h, r.loop, "{\"do\":\"backend-list\"}\n");
	asker_end(&gone);
	asker_ask(&quick, &h, r.loop, "{\"do\":\"stats\"}\n{\"do\":\"top\"}\n");
	asker_ask(&slow, &h, r.loop, "{\"do\":\"service-list\"}\n{\"do\":\"backend-list\"}\n");
	assert_int_equal(loop_run(r.loop), 0);
	asker_end(&slow);
	asker_end(&quick);
	end(&h, &r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(all_are_told),
		cmocka_unit_test(who_goes_meanwhile_is_left_out),
		cmocka_unit_test(a_short_question_does_not_wait_for_a_long_answer),
		cmocka_unit_test(askers_may_go_and_may_hurry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
