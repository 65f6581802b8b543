// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asker.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/util.h"
#include "core/model/check.h"
#include "core/value/address.h"
#include "daemon/probe/probes.h"
#include "peer.h"

/* ---- what is a probe ---- */

static void a_probe_needs_a_kind_and_a_port(void **state)
{
	struct check how = check_by(CHECK_NONE);
	struct address to = { .family = AF_INET };
	struct probe *p;
	(void)state;

	assert_int_equal(probe_new(w.checker, &how, &to, 80, NULL, NULL, &p), -EINVAL);
	how.kind = CHECK_TCP;
	assert_int_equal(probe_new(w.checker, &how, &to, 0, NULL, NULL, &p), -EINVAL);
}

static void a_checks_own_port_goes_before_the_backends(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct peer peer;
	uint16_t refusing;
	int fd = port_refusing(AF_INET, &refusing);
	(void)state;

	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	how.port = peer.port;
	expect(&how, "127.0.0.1", refusing, PROBE_GOOD, "connected");
	peer_close(&peer);
	close(fd);
}

/* ---- tcp ---- */

static void tcp_a_listener_is_good(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_READS_NOTHING, NULL);
	expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "connected");
	peer_close(&peer);
}

static void tcp_a_listener_on_ipv6_is_good(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET6, PEER_READS_NOTHING, NULL);
	expect(&how, "::1", peer.port, PROBE_GOOD, "connected");
	peer_close(&peer);
}

static void tcp_refused_says_so(void **state)
{
	struct check how = check_by(CHECK_TCP);
	uint16_t port;
	int fd = port_refusing(AF_INET, &port);
	(void)state;

	expect(&how, "127.0.0.1", port, PROBE_BAD, "connection refused");
	close(fd);
}

static void tcp_no_answer_times_out(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct seen seen;
	int fillers[8], fd;
	uint16_t port;
	(void)state;

	fd = port_full(&port, fillers);
	how.timeout_ms = 250;
	probe(&seen, &how, "127.0.0.1", port);
	run_for(1);
	assert_int_equal(seen.outcome, PROBE_BAD);
	assert_string_equal(seen.why, "timed out after 250ms");
	assert_in_range(seen.took_us, 250000, 2000000);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		close(fillers[i]);
	close(fd);
}

static void tcp_without_a_route_says_so(void **state)
{
	struct check how = check_by(CHECK_TCP);
	(void)state;

	need_network();
	expect(&how, "192.0.2.1", 80, PROBE_BAD, "network unreachable");
}

/* ---- how connections end ---- */

/* Waits until the peer has seen so many connections end. */
static void wait_for_ends(struct peer *peer, unsigned ends)
{
	for (int tries = 0; peer->ends < ends; tries++) {
		assert_true(tries < 1000);
		run_ms(10);
	}
}

static void ends_without_a_reset(enum check_kind kind, enum manner manner, const char *text,
				 enum probe_outcome outcome)
{
	struct check how = check_by(kind);
	struct peer peer;

	peer_open(&peer, AF_INET, manner, text);
	expect(&how, "127.0.0.1", peer.port, outcome, "");
	wait_for_ends(&peer, 1);
	assert_int_equal(peer.resets, 0);
	peer_close(&peer);
}

static void a_whole_answer_ends_without_a_reset(void **state)
{
	(void)state;
	ends_without_a_reset(CHECK_HTTP, PEER_ENDS, OK, PROBE_GOOD);
	ends_without_a_reset(CHECK_HTTP, PEER_ENDS, "HTTP/1.1 503 No\r\n\r\n", PROBE_BAD);
	ends_without_a_reset(CHECK_TCP, PEER_ENDS, NULL, PROBE_GOOD);
}

static void a_server_that_never_closes_sees_no_reset_and_is_left(void **state)
{
	uint64_t start = clock_ns();
	(void)state;

	ends_without_a_reset(CHECK_HTTP, PEER_ENDS_NOTHING, OK, PROBE_GOOD);
	assert_in_range(clock_ns() - start, 900 * NS_PER_MS, 9 * NS_PER_S);
	ends_without_a_reset(CHECK_TCP, PEER_ENDS_NOTHING, NULL, PROBE_GOOD);
}

/* Descriptors of TCP connections from this process to that port. */
static unsigned connected_to(uint16_t port)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		struct sockaddr_in peer = {};
		socklen_t len = sizeof(peer);

		if (!getpeername(fd, (struct sockaddr *)&peer, &len))
			count += peer.sin_family == AF_INET && ntohs(peer.sin_port) == port;
	}
	return count;
}

static void many_that_never_close_use_a_share_of_the_descriptors(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct rlimit old, few;
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){ 64, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	checker_close(w.checker);
	open_checker();
	setrlimit(RLIMIT_NOFILE, &old);
	for (int i = 0; i < 12; i++)
		expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "HTTP 200");
	assert_in_range(connected_to(peer.port), 1, 4);
	peer_close(&peer);
}

static void a_body_without_end_is_not_read_to_its_end(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_FLOODS,
		  "\r\nHTTP/1.1 200 OK\r\n\r\n012345678901234567890123456789");
	expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "HTTP 200");
	run_ms(100);
	assert_int_equal(connected_to(peer.port), 0);
	peer_close(&peer);
	assert_in_range(peer.flooded, 1, 64 << 20);
}

/* ---- many, and when things go ---- */

static void a_check_comes_again_after_its_interval(void **state)
{
	struct check how = check_by(CHECK_TCP);
	uint64_t start = clock_ns();
	struct peer peer;
	struct seen seen;
	(void)state;

	how.interval_ms = 50;
	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	probe(&seen, &how, "127.0.0.1", peer.port);
	run_for(5);
	assert_in_range(clock_ns() - start, 200 * NS_PER_MS, 5000 * NS_PER_MS);
	assert_int_equal(seen.good, 5);
	peer_close(&peer);
}

static void a_backend_has_at_most_one_check_under_way(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	uint64_t start = clock_ns();
	struct peer peer;
	struct seen seen;
	(void)state;

	how.interval_ms = 10;
	how.timeout_ms = 150;
	peer_open(&peer, AF_INET, PEER_READS_NOTHING, NULL);
	probe(&seen, &how, "127.0.0.1", peer.port);
	run_for(3);
	assert_in_range(clock_ns() - start, 450 * NS_PER_MS, 5000 * NS_PER_MS);
	assert_in_range(peer.kept_count, 3, 4);
	peer_close(&peer);
}

static void no_more_than_a_share_of_the_descriptors_is_used_at_once(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct rlimit old, few;
	struct seen seen[40];
	int fillers[8], fd;
	uint64_t start;
	uint16_t port;
	(void)state;

	fd = port_full(&port, fillers);
	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){ 64, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	checker_close(w.checker);
	open_checker();
	how.timeout_ms = 200;
	start = clock_ns();
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		probe(&seen[i], &how, "127.0.0.1", port);
	run_for(ARRAY_SIZE(seen));
	setrlimit(RLIMIT_NOFILE, &old);
	/* Sixteen at once, three times. */
	assert_in_range(clock_ns() - start, 600 * NS_PER_MS, 5000 * NS_PER_MS);
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		assert_string_equal(seen[i].why, "timed out after 200ms");
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		close(fillers[i]);
	close(fd);
}

static void without_descriptors_nothing_is_checked_and_nothing_is_bad(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP, CHECK_ICMP };
	struct seen seen[ARRAY_SIZE(kinds)];
	size_t count = ARRAY_SIZE(kinds) - !may_ping(AF_INET);
	struct rlimit old, none;
	struct peer peer;
	int free_fd;
	(void)state;

	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	getrlimit(RLIMIT_NOFILE, &old);
	for (size_t i = 0; i < count; i++) {
		struct check how = check_by(kinds[i]);

		how.interval_ms = 100;
		probe(&seen[i], &how, "127.0.0.1", peer.port);
	}
	free_fd = dup(0);
	close(free_fd);
	none = (struct rlimit){ free_fd, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	run_for(count);
	setrlimit(RLIMIT_NOFILE, &old);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(seen[i].results, 1);
		assert_int_equal(seen[i].outcome, PROBE_NOT_CHECKED);
		assert_non_null(strstr(seen[i].why, "not checked: Too many open files"));
	}
	run_for(count);
	assert_int_equal(seen[0].outcome, PROBE_GOOD);
	assert_int_equal(seen[1].outcome, PROBE_GOOD);
	peer_close(&peer);
}

static void hold_up(void *context)
{
	(void)context;
	usleep(400 * 1000);
}

static void a_loop_that_was_held_up_blames_no_backend(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct loop_timer timer;
	struct peer peer;
	struct seen seen;
	(void)state;

	how.timeout_ms = 200;
	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	assert_int_equal(loop_timer_new(w.loop, &timer, hold_up, NULL), 0);
	probe(&seen, &how, "127.0.0.1", peer.port);
	loop_timer_set(&timer, 0);	/* after the check has begun, before it connects */
	run_for(1);
	loop_timer_close(w.loop, &timer);
	assert_string_equal(seen.why, "HTTP 200");
	peer_close(&peer);
}

static void probes_may_be_freed_from_within_a_result(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP, CHECK_ICMP };
	struct peer peer, silent;
	(void)state;

	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	peer_open(&silent, AF_INET, PEER_READS_NOTHING, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct check how = check_by(kinds[i]), wait = check_by(CHECK_HTTP);
		struct seen under_way, seen;

		probe(&under_way, &wait, "127.0.0.1", silent.port);
		probe(&seen, &how, "127.0.0.1", peer.port);
		seen.free_it = true;
		seen.free_other = &under_way;
		run_for(1);
		assert_null(seen.probe);
		assert_null(under_way.probe);
		assert_int_equal(under_way.results, 0);
	}
	peer_close(&silent);
	peer_close(&peer);
}

static void a_checker_closes_in_the_midst_of_checks(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP, CHECK_HTTPS };
	static struct seen seen[ARRAY_SIZE(kinds)], first;
	struct check how = check_by(CHECK_TCP);
	int fillers[8], fd;
	struct peer peer;
	uint16_t port;
	(void)state;

	fd = port_full(&port, fillers);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct check slow = check_by(kinds[i]);

		probe(&seen[i], &slow, "127.0.0.1", port);
	}
	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	how.interval_ms = 30;
	probe(&first, &how, "127.0.0.1", peer.port);
	run_for(3);
	checker_close(w.checker);
	open_checker();
	peer_close(&peer);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		close(fillers[i]);
	close(fd);
}

/*
 * What each descriptor is open on, by inode, 0: closed. A number alone says too little: one
 * that is closed meanwhile is taken again.
 */
static void descriptors(ino_t ret_open[1024], bool ret_inherited[1024])
{
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);
		struct stat what = {};

		if (flags >= 0)
			assert_int_equal(fstat(fd, &what), 0);
		ret_open[fd] = what.st_ino;
		ret_inherited[fd] = flags >= 0 && !(flags & FD_CLOEXEC);
	}
}

static bool opened_since(const ino_t *before, const ino_t *now, int fd)
{
	return now[fd] && now[fd] != before[fd];
}

/* The peer runs in this process too: its end of a connection is closed when it gets to it. */
static bool kept_after(const ino_t *before, const ino_t *after)
{
	for (int fd = 0; fd < 1024; fd++)
		if (opened_since(before, after, fd))
			return true;
	return false;
}

static void descriptors_of_checks_are_not_inherited_and_not_kept(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP, CHECK_ICMP };
	ino_t before[1024], during[1024], after[1024];
	bool inherited[1024], during_inherited[1024];
	struct seen slow[ARRAY_SIZE(kinds)], fast;
	struct check how = check_by(CHECK_HTTP);
	size_t count = ARRAY_SIZE(kinds) - !may_ping(AF_INET);
	int fillers[8], fd;
	unsigned opened = 0;
	struct peer peer;
	uint16_t port;
	(void)state;

	peer_open(&peer, AF_INET, PEER_CLOSES, OK);
	expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "");	/* curl's own are open */
	how = check_by(CHECK_ICMP);
	if (may_ping(AF_INET))
		expect(&how, "127.0.0.1", 0, PROBE_GOOD, "");
	fd = port_full(&port, fillers);
	descriptors(before, inherited);
	for (size_t i = 0; i < count; i++) {
		how = check_by(kinds[i]);
		probe(&slow[i], &how, "127.0.0.1", port);
	}
	how = check_by(CHECK_HTTP);
	how.interval_ms = 30;
	probe(&fast, &how, "127.0.0.1", peer.port);
	run_for(4);			/* icmp's and three fast ones */
	descriptors(during, during_inherited);
	for (size_t i = 0; i < count; i++)
		probe_free(slow[i].probe);
	probe_free(fast.probe);
	descriptors(after, inherited);
	for (int tries = 0; kept_after(before, after) && tries < 500; tries++) {
		run_ms(10);
		descriptors(after, inherited);
	}
	for (int i = 0; i < 1024; i++) {
		opened += opened_since(before, during, i);
		assert_false(during_inherited[i] && opened_since(before, during, i));
		assert_false(opened_since(before, after, i));
	}
	assert_true(opened >= 2);	/* the two that wait for the full port */
	peer_close(&peer);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		close(fillers[i]);
	close(fd);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void two_thousand_backends_are_checked_each_second_in_half_a_core(void **state)
{
	static struct seen seen[2000];
	struct check how = check_by(CHECK_TCP);
	uint64_t start = clock_ns(), cpu = cpu_ns();
	struct peer peers[8];
	int least = 1000;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		peer_open(&peers[i], AF_INET, PEER_DROPS, NULL);
	how.interval_ms = 1000;
	how.jitter = 100;
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		probe(&seen[i], &how, "127.0.0.1", peers[i % ARRAY_SIZE(peers)].port);
	run_for(3 * ARRAY_SIZE(seen));
	cpu = cpu_ns() - cpu;
	start = clock_ns() - start;
	print_message("%zu results in %.2f s, %.2f s of CPU\n", 3 * ARRAY_SIZE(seen), start / 1e9,
		      cpu / 1e9);
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		least = seen[i].results < least ? seen[i].results : least;
		assert_int_equal(seen[i].good, seen[i].results);
	}
	assert_true(least >= 2);
	assert_true(cpu < start / 2);
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		peer_close(&peers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_probe_needs_a_kind_and_a_port),
		test(a_checks_own_port_goes_before_the_backends),
		test(tcp_a_listener_is_good),
		test(tcp_a_listener_on_ipv6_is_good),
		test(tcp_refused_says_so),
		test(tcp_no_answer_times_out),
		test_apart(tcp_without_a_route_says_so),
		test(a_whole_answer_ends_without_a_reset),
		test(a_server_that_never_closes_sees_no_reset_and_is_left),
		test(many_that_never_close_use_a_share_of_the_descriptors),
		test(a_body_without_end_is_not_read_to_its_end),
		test(a_check_comes_again_after_its_interval),
		test(a_backend_has_at_most_one_check_under_way),
		test(no_more_than_a_share_of_the_descriptors_is_used_at_once),
		test(without_descriptors_nothing_is_checked_and_nothing_is_bad),
		test(a_loop_that_was_held_up_blames_no_backend),
		test(probes_may_be_freed_from_within_a_result),
		test(a_checker_closes_in_the_midst_of_checks),
		test(descriptors_of_checks_are_not_inherited_and_not_kept),
		test(two_thousand_backends_are_checked_each_second_in_half_a_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
