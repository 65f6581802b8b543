// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "asker.h"
#include "base/util.h"
#include "daemon/probe/kinds.h"
#include "daemon/probe/probes.h"
#include "peer.h"

static int open_agents(void **state)
{
	(void)state;
	w.kinds = &agent_kinds;
	return open_world(state);
}

static int close_agents(void **state)
{
	w.kinds = NULL;
	return close_world(state);
}

#define test_agent(name) cmocka_unit_test_setup_teardown(name, open_agents, close_agents)

/* What the agent sends, and how the probe ends. */
static void hears(enum manner manner, const char *text, enum probe_outcome outcome, const char *line)
{
	struct check how = check_by(CHECK_AGENT);
	struct peer peer;
	struct seen seen;

	peer_open(&peer, AF_INET, manner, text);
	how.port = peer.port;
	probe(&seen, &how, "127.0.0.1", 1);
	run_for(1);
	probe_free(seen.probe);
	assert_int_equal(seen.outcome, outcome);
	assert_string_equal(seen.why, line);
	peer_close(&peer);
}

static void a_line_is_heard(void **state)
{
	(void)state;
	hears(PEER_READS_NOTHING, "75%\n", PROBE_GOOD, "75%");
	hears(PEER_READS_NOTHING, "ready 50%\r\n", PROBE_GOOD, "ready 50%");
	hears(PEER_READS_NOTHING, "drain#for the night", PROBE_GOOD, "drain");
	hears(PEER_READS_NOTHING, "\n", PROBE_GOOD, "");
	hears(PEER_READS_NOTHING, "up\n75%\n", PROBE_GOOD, "up");
}

static void what_is_no_text_is_shown_as_such(void **state)
{
	(void)state;
	hears(PEER_READS_NOTHING, "7\x01\xff%\n", PROBE_GOOD, "7??%");
}

static void a_huge_line_ends_the_probe(void **state)
{
	char line[300];
	(void)state;

	memset(line, 'u', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	hears(PEER_READS_NOTHING, line, PROBE_GOOD, "a line of more than 127 bytes");
}

static void the_end_of_the_connection_ends_the_line(void **state)
{
	(void)state;
	hears(PEER_DROPS, NULL, PROBE_BAD, "connection closed without a line");
}

static void an_agent_that_says_nothing_times_out(void **state)
{
	struct check how = check_by(CHECK_AGENT);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_READS_NOTHING, NULL);
	how.timeout_ms = 200;
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "timed out after 200ms while waiting for its line");
	peer_close(&peer);
}

static void nobody_there_is_said(void **state)
{
	struct check how = check_by(CHECK_AGENT);
	uint16_t port;
	int fd = port_refusing(AF_INET, &port);
	(void)state;

	expect(&how, "127.0.0.1", port, PROBE_BAD, "connection refused");
	close(fd);
}

static void an_agent_is_no_health_check(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct address to = { .family = AF_INET };
	struct probe *p;
	(void)state;

	assert_int_equal(probe_new(w.checker, &how, &to, 80, NULL, NULL, &p), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_agent(a_line_is_heard),
		test_agent(what_is_no_text_is_shown_as_such),
		test_agent(a_huge_line_ends_the_probe),
		test_agent(the_end_of_the_connection_ends_the_line),
		test_agent(an_agent_that_says_nothing_times_out),
		test_agent(nobody_there_is_said),
		test_agent(an_agent_is_no_health_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
