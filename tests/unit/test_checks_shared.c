// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "asker.h"
#include "base/clock.h"
#include "base/util.h"
#include "core/value/address.h"
#include "daemon/probe/kinds.h"
#include "daemon/probe/sharers.h"
#include "peer.h"

/* One who shares, and what was heard. */
struct heard {
	struct sharer *sharer;
	int results, good;
	struct heard *free_other;	/* frees that one when a result comes */
	bool free_it;			/* frees itself when a result comes */
};

static struct sharers *sharers;

static void leave(struct heard *h)
{
	if (h->sharer)
		sharer_free(h->sharer);
	h->sharer = NULL;
}

static void on_told(void *context, void *owner, const struct probe_result *result)
{
	struct heard *h = owner;
	struct heard *other = h->free_other;

	assert_ptr_equal(context, &w);
	assert_non_null(h->sharer);	/* nobody hears who has left */
	h->results++;
	h->good += result->outcome == PROBE_GOOD;
	if (other)
		leave(other);
	if (h->free_it)
		leave(h);
	if (w.wanted && --w.wanted == 0)
		loop_stop(w.loop);
}

static int open_sharers(void **state)
{
	return open_world(state) ?: sharers_open(w.loop, &probe_kinds, on_told, &w, &sharers);
}

static int close_sharers(void **state)
{
	sharers_close(sharers);
	return close_world(state);
}

static void join(struct heard *h, const struct check *how, const char *to, uint16_t port)
{
	struct address address;

	*h = (struct heard){};
	assert_int_equal(address_parse(to, &address), 0);
	assert_int_equal(sharer_new(sharers, how, &address, port, NULL, h, &h->sharer), 0);
}

static struct check tcp_every(uint32_t ms)
{
	struct check how = check_by(CHECK_TCP);

	how.interval_ms = ms;
	return how;
}

/* Waits until so many connections have been there, for as long as that takes. */
static void expect_accepted(struct peer *peer, unsigned count)
{
	for (int tries = 0; peer->accepted < count && tries < 500; tries++)
		run_ms(10);
	assert_int_equal(peer->accepted, count);
}

/* ---- tests ---- */

static void who_asks_the_same_shares_one_connection(void **state)
{
	struct check how = tcp_every(60000);
	struct heard heard[5];
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++) {
		how.rise = i;		/* who counts how is not the probe's business */
		how.fall = 7 - i;
		how.port = i % 2 ? peer.port : 0;
		join(&heard[i], &how, "127.0.0.1", i % 2 ? 1 : peer.port);
	}
	run_for(ARRAY_SIZE(heard));
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++)
		assert_int_equal(heard[i].good, 1);
	expect_accepted(&peer, 1);
	peer_close(&peer);
}

static void who_asks_for_something_else_has_its_own(void **state)
{
	struct check tcp = tcp_every(60000), often = tcp_every(50000);
	struct check http = check_by(CHECK_HTTP), path = http, host = http, status = http;
	struct heard heard[7];
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_CLOSES, OK);
	strcpy(path.path, "/x");
	strcpy(host.host, "x.example");
	status.status_min = 200;
	status.status_max = 204;
	join(&heard[0], &tcp, "127.0.0.1", peer.port);
	join(&heard[1], &often, "127.0.0.1", peer.port);
	join(&heard[2], &http, "127.0.0.1", peer.port);
	join(&heard[3], &path, "127.0.0.1", peer.port);
	join(&heard[4], &host, "127.0.0.1", peer.port);
	join(&heard[5], &status, "127.0.0.1", peer.port);
	join(&heard[6], &tcp, "127.0.0.2", peer.port);	/* where nobody listens */
	run_for(ARRAY_SIZE(heard));
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++) {
		assert_int_equal(heard[i].results, 1);
		assert_int_equal(heard[i].good, i != 6);
	}
	expect_accepted(&peer, 6);
	peer_close(&peer);
}

static void who_comes_late_hears_soon_and_alone(void **state)
{
	struct check how = tcp_every(60000);
	struct heard first, late;
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	join(&first, &how, "127.0.0.1", peer.port);
	run_for(1);
	join(&late, &how, "127.0.0.1", peer.port);
	run_for(1);
	assert_int_equal(late.good, 1);
	assert_int_equal(first.results, 1);
	peer_close(&peer);
}

static void those_who_come_and_go_do_not_move_when_it_is_due(void **state)
{
	struct check how = tcp_every(300);
	uint64_t start = clock_ns();
	struct heard first, other;
	struct peer peer;
	int joined = 0;
	(void)state;

	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	join(&first, &how, "127.0.0.1", peer.port);
	while (first.results < 6) {
		join(&other, &how, "127.0.0.1", peer.port);
		joined++;
		run_ms(20);
		leave(&other);
	}
	assert_true(joined > 10);
	/* Its first at once, and five intervals. */
	assert_in_range(clock_ns() - start, 1500 * NS_PER_MS, 5 * NS_PER_S);
	peer_close(&peer);
}

static void any_may_leave_while_the_result_is_told(void **state)
{
	struct check how = tcp_every(50);
	struct heard heard[4];
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_DROPS, NULL);
	/* Who came last hears first. */
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++)
		join(&heard[i], &how, "127.0.0.1", peer.port);
	heard[3].free_other = &heard[2];
	heard[1].free_it = true;
	run_for(3);
	assert_int_equal(heard[2].results, 0);
	assert_int_equal(heard[1].results, 1);
	run_for(2);
	assert_int_equal(heard[0].results, 2);
	assert_int_equal(heard[3].results, 2);
	heard[3].free_other = &heard[0];
	heard[3].free_it = true;
	run_for(1);
	assert_null(heard[0].sharer);
	assert_null(heard[3].sharer);
	join(&heard[0], &how, "127.0.0.1", peer.port);
	run_for(1);
	assert_int_equal(heard[0].good, 1);
	peer_close(&peer);
}

static void thousands_are_found_fast(void **state)
{
	static struct heard heard[20000];
	struct check how = tcp_every(3600000);
	uint64_t start = clock_ns();
	char to[32];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(heard); i++) {
		snprintf(to, sizeof(to), "127.1.%zu.%zu", i % 10000 / 100, i % 100);
		join(&heard[i], &how, to, 9);
	}
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++)
		leave(&heard[i]);
	print_message("20000 join and leave in %.3f s\n", (clock_ns() - start) / 1e9);
	assert_in_range(clock_ns() - start, 0, 5 * NS_PER_S);
}

#define test_shared(name) cmocka_unit_test_setup_teardown(name, open_sharers, close_sharers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_shared(who_asks_the_same_shares_one_connection),
		test_shared(who_asks_for_something_else_has_its_own),
		test_shared(who_comes_late_hears_soon_and_alone),
		test_shared(those_who_come_and_go_do_not_move_when_it_is_due),
		test_shared(any_may_leave_while_the_result_is_told),
		test_shared(thousands_are_found_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
