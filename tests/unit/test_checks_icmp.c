// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <string.h>
#include <unistd.h>

#include "asker.h"
#include "base/util.h"
#include "core/model/text.h"
#include "daemon/probe/probes.h"
#include "peer.h"

static void icmp_loopback_answers(void **state)
{
	struct check how = check_by(CHECK_ICMP);
	(void)state;

	if (!may_ping(AF_INET)) {
		print_message("neither CAP_NET_RAW nor ping_group_range\n");
		skip();
	}
	expect(&how, "127.0.0.1", 0, PROBE_GOOD, "echo reply");
}

static void icmp_loopback_answers_on_ipv6(void **state)
{
	struct check how = check_by(CHECK_ICMP);
	uint16_t port;
	(void)state;

	close(port_refusing(AF_INET6, &port));
	if (!may_ping(AF_INET6)) {
		print_message("neither CAP_NET_RAW nor ping_group_range\n");
		skip();
	}
	expect(&how, "::1", 80, PROBE_GOOD, "echo reply");
}

static void icmp_without_rights_says_so_and_is_no_bad_health(void **state)
{
	struct check how = check_by(CHECK_ICMP);
	struct seen seen;
	(void)state;

	need_network();			/* where nobody may ping, by default */
	loopback_up();
	assert_int_equal(seteuid(65534), 0);
	probe(&seen, &how, "127.0.0.1", 0);
	run_for(1);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(seen.outcome, PROBE_NOT_CHECKED);
	assert_non_null(strstr(seen.why, "want CAP_NET_RAW"));
}

static void icmp_a_ping_socket_does_where_there_are_no_rights(void **state)
{
	struct check how = check_by(CHECK_ICMP);
	struct seen seen, seen6;
	(void)state;

	need_network();
	loopback_up();
	write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 65535");
	assert_int_equal(seteuid(65534), 0);
	probe(&seen, &how, "127.0.0.1", 0);
	probe(&seen6, &how, "::1", 0);
	run_for(2);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(seen.outcome, PROBE_GOOD);
	assert_int_equal(seen6.outcome, PROBE_GOOD);
}

static void icmp_no_reply_times_out(void **state)
{
	struct check how = check_by(CHECK_ICMP);
	(void)state;

	need_network();
	loopback_up();
	write_sysctl("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1");
	how.timeout_ms = 200;
	expect(&how, "127.0.0.1", 0, PROBE_BAD, "timed out after 200ms");
}

/* 127.0.0.0/8 is all loopback: each address answers as itself. */
static void icmp_replies_find_their_probes_among_many(void **state)
{
	static struct seen seen[1500];
	struct check how = check_by(CHECK_ICMP);
	char to[ADDRESS_TEXT];
	(void)state;

	need_network();
	loopback_up();
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		snprintf(to, sizeof(to), "127.1.%zu.%zu", i / 250, i % 250 + 1);
		probe(&seen[i], &how, to, 0);
	}
	run_for(ARRAY_SIZE(seen));
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		assert_int_equal(seen[i].results, 1);
		assert_int_equal(seen[i].outcome, PROBE_GOOD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(icmp_loopback_answers),
		test(icmp_loopback_answers_on_ipv6),
		test_apart(icmp_without_rights_says_so_and_is_no_bad_health),
		test_apart(icmp_a_ping_socket_does_where_there_are_no_rights),
		test_apart(icmp_no_reply_times_out),
		test_apart(icmp_replies_find_their_probes_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
