// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asker.h"
#include "core/model/check.h"
#include "daemon/probe/probes.h"
#include "peer.h"

/* One HTTP check of a peer that does this. */
static void expect_http(enum manner manner, const char *text, enum probe_outcome outcome,
			const char *why)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;

	peer_open(&peer, AF_INET, manner, text);
	expect(&how, "127.0.0.1", peer.port, outcome, why);
	peer_close(&peer);
}

/* ---- http ---- */

static void http_a_wanted_status_is_good(void **state)
{
	(void)state;
	expect_http(PEER_CLOSES, OK, PROBE_GOOD, "HTTP 200");
	expect_http(PEER_CLOSES, "HTTP/1.0 204 No Content\r\nA: b\r\n\r\n", PROBE_GOOD,
		    "HTTP 204");
}

static void http_another_status_is_bad_and_named(void **state)
{
	(void)state;
	expect_http(PEER_CLOSES, "HTTP/1.1 503 Sorry\r\nA: b\r\n\r\nno", PROBE_BAD,
		    "HTTP 503, want 200 to 399");
}

static void http_one_wanted_status_is_named_alone(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	(void)state;

	how.status_min = how.status_max = 204;
	peer_open(&peer, AF_INET, PEER_CLOSES, OK);
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "HTTP 200, want 204");
	peer_close(&peer);
}

static void http_a_redirect_is_not_followed(void **state)
{
	(void)state;
	expect_http(PEER_CLOSES, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
		    PROBE_GOOD, "HTTP 302");
}

static void http_an_informal_answer_is_not_the_answer(void **state)
{
	(void)state;
	expect_http(PEER_CLOSES, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
		    PROBE_BAD, "HTTP 500");
}

static void http_ends_with_the_headers_and_awaits_no_body(void **state)
{
	(void)state;
	expect_http(PEER_ANSWERS, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
		    PROBE_GOOD, "HTTP 200");
}

static void http_asks_for_what_was_said(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	(void)state;

	strcpy(how.path, "/a/../health?deep=1#x");
	strcpy(how.host, "checks.example");
	peer_open(&peer, AF_INET, PEER_CLOSES, OK);
	expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "HTTP 200");
	assert_ptr_equal(strstr(peer.request, "GET /a/../health?deep=1#x HTTP/1.1\r\n"),
			 peer.request);
	assert_non_null(strstr(peer.request, "\r\nHost: checks.example\r\n"));
	assert_non_null(strstr(peer.request, "\r\nUser-Agent: xring/" XRING_VERSION "\r\n"));
	assert_non_null(strstr(peer.request, "\r\nConnection: close\r\n"));
	assert_null(strstr(peer.request, "Accept-Encoding"));
	peer_close(&peer);
}

static void http_without_a_host_names_the_address(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	char host[64];
	(void)state;

	peer_open(&peer, AF_INET6, PEER_CLOSES, OK);
	expect(&how, "::1", peer.port, PROBE_GOOD, "HTTP 200");
	snprintf(host, sizeof(host), "\r\nHost: [::1]:%u\r\n", peer.port);
	assert_non_null(strstr(peer.request, host));
	peer_close(&peer);
}

static void http_of_a_host_that_is_none_says_nothing_of_the_backend(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	(void)state;

	strcpy(how.host, "no host");
	peer_open(&peer, AF_INET, PEER_CLOSES, OK);
	expect(&how, "127.0.0.1", peer.port, PROBE_NOT_CHECKED, "want a host");
	peer_close(&peer);
}

static void http_refused_says_so(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	uint16_t port;
	int fd = port_refusing(AF_INET, &port);
	(void)state;

	expect(&how, "127.0.0.1", port, PROBE_BAD, "connection refused");
	close(fd);
}

static void http_closed_too_early_says_so(void **state)
{
	(void)state;
	expect_http(PEER_CLOSES, NULL, PROBE_BAD, "closed without an answer");
	expect_http(PEER_CLOSES, "HTTP/1.1 200 OK\r\nA: b\r\n", PROBE_BAD,
		    "closed before its headers ended");
	/* With the request unread it is a reset, or the end, whichever is seen first. */
	expect_http(PEER_DROPS, NULL, PROBE_BAD, "c");
}

static void http_something_else_says_so(void **state)
{
	(void)state;
	expect_http(PEER_CLOSES, "220 mail.example ESMTP\r\n", PROBE_BAD,
		    "the answer is not HTTP");
	expect_http(PEER_CLOSES, "\x15\x03\x01\x00\x02\x02\x50", PROBE_BAD, "");
}

static void http_silence_times_out(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	(void)state;

	how.timeout_ms = 200;
	peer_open(&peer, AF_INET, PEER_READS_NOTHING, NULL);
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "timed out after 200ms without an answer");
	peer_close(&peer);
}

static void http_headers_that_trickle_time_out(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct peer peer;
	(void)state;

	how.timeout_ms = 1000;
	peer_open(&peer, AF_INET, PEER_TRICKLES, "A: b\r\n");
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "timed out after 1s in the headers");
	peer_close(&peer);
}

static long memory_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void http_a_flood_of_headers_is_cut_short(const char *text)
{
	struct check how = check_by(CHECK_HTTP);
	long before = memory_kb();
	struct peer peer;

	peer_open(&peer, AF_INET, PEER_FLOODS, text);
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "more than 64 KiB of headers");
	peer_close(&peer);
	assert_in_range(peer.flooded, 1, 64 << 20);
	assert_in_range(memory_kb() - before, 0, 32 << 10);
}

static void http_a_gigabyte_of_headers_is_cut_short(void **state)
{
	(void)state;
	http_a_flood_of_headers_is_cut_short("A: 01234567890123456789012345678901234567890\r\n");
}

static void http_a_header_line_without_end_is_cut_short(void **state)
{
	(void)state;
	http_a_flood_of_headers_is_cut_short("01234567890123456789012345678901234567890123456789");
}

static void http_informal_answers_without_end_are_cut_short(void **state)
{
	(void)state;
	http_a_flood_of_headers_is_cut_short("\r\nHTTP/1.1 100 Continue\r\n");
}

/* ---- https, by `openssl s_server` ---- */

static char tls_folder[] = "/tmp/xring-checks-XXXXXX";
static pid_t tls_pid;
static uint16_t tls_port;

/* "ACCEPT 127.0.0.1:40001", once it listens. */
static uint16_t read_port(int fd)
{
	FILE *f = fdopen(fd, "r");
	unsigned port = 0;
	char line[256];

	while (f && !port && fgets(line, sizeof(line), f))
		sscanf(line, "ACCEPT %*[^:]:%u", &port);
	if (f)
		fclose(f);
	return port;
}

static void exec_server(int out)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	dup2(out, 1);
	dup2(null, 2);
	/* Another name than the one it has a certificate for is an error. */
	execlp("openssl", "openssl", "s_server", "-www", "-accept", "127.0.0.1:0",
	       "-cert", "cert", "-key", "key", "-cert2", "cert", "-key2", "key",
	       "-servername", "checks.example", "-servername_fatal", NULL);
	_exit(127);
}

static int open_tls(void **state)
{
	char command[512];
	int out[2];

	if (open_world(state))
		return -1;
	strcpy(tls_folder + strlen(tls_folder) - 6, "XXXXXX");
	if (!mkdtemp(tls_folder) || pipe2(out, O_CLOEXEC))
		return -1;
	snprintf(command, sizeof(command),
		 "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert "
		 "-days 1 -subj /CN=checks.example >/dev/null 2>&1 && openssl req -x509 -newkey "
		 "rsa:2048 -nodes -keyout other-key -out other -days 1 -subj /CN=checks.example "
		 ">/dev/null 2>&1", tls_folder);
	tls_port = 0;
	if (!system(command)) {
		tls_pid = fork();
		if (!tls_pid) {
			if (!chdir(tls_folder))
				exec_server(out[1]);
			_exit(127);
		}
	}
	close(out[1]);
	tls_port = read_port(out[0]);
	return 0;
}

static int close_tls(void **state)
{
	char command[64];

	if (tls_pid > 0) {
		kill(tls_pid, SIGKILL);
		waitpid(tls_pid, NULL, 0);
		tls_pid = 0;
	}
	snprintf(command, sizeof(command), "rm -r %s", tls_folder);
	return system(command) ?: close_world(state);
}

#define NEED_TLS()                                                      \
	do {                                                            \
		if (!tls_port) {                                        \
			print_message("openssl s_server is not here\n"); \
			skip();                                         \
		}                                                       \
	} while (0)

static void https_a_certificate_of_anyones_is_good_enough(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	(void)state;

	NEED_TLS();
	expect(&how, "127.0.0.1", tls_port, PROBE_GOOD, "HTTP 200");
}

static void https_tells_the_server_the_name_of_the_host(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	(void)state;

	NEED_TLS();
	strcpy(how.host, "checks.example");
	expect(&how, "127.0.0.1", tls_port, PROBE_GOOD, "HTTP 200");
	strcpy(how.host, "other.example");
	expect(&how, "127.0.0.1", tls_port, PROBE_BAD, "TLS: ");
}

static void https_checks_one_after_another_are_each_a_handshake(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	struct seen seen;
	(void)state;

	NEED_TLS();
	how.interval_ms = 20;
	probe(&seen, &how, "127.0.0.1", tls_port);
	run_for(5);
	assert_int_equal(seen.good, 5);
}

/* A check of the TLS server that verifies: by that file of authorities, for that name. */
static struct check verified(const char *ca, const char *name)
{
	struct check how = check_by(CHECK_HTTPS);

	how.verify = true;
	snprintf(how.ca, sizeof(how.ca), "%s/%s", tls_folder, ca);
	snprintf(how.host, sizeof(how.host), "%s", name);
	return how;
}

static void https_verified_by_its_authority_is_good(void **state)
{
	struct check how = verified("cert", "checks.example");
	(void)state;

	NEED_TLS();
	expect(&how, "127.0.0.1", tls_port, PROBE_GOOD, "HTTP 200");
	strcpy(how.host, "checks.example:8443");
	expect(&how, "127.0.0.1", tls_port, PROBE_GOOD, "HTTP 200");
}

static void https_verified_by_another_authority_says_so(void **state)
{
	struct check how = verified("other", "checks.example");
	(void)state;

	NEED_TLS();
	expect(&how, "127.0.0.1", tls_port, PROBE_BAD, "TLS: self");
	how.ca[0] = 0;			/* the host's authorities do not know it either */
	expect(&how, "127.0.0.1", tls_port, PROBE_BAD, "TLS: self");
}

static void https_verified_for_another_name_says_so(void **state)
{
	struct check how = verified("cert", "");
	(void)state;

	NEED_TLS();
	expect(&how, "127.0.0.1", tls_port, PROBE_BAD,
	       "does not match target host name '127.0.0.1'");
}

static void https_verified_without_authorities_says_nothing_of_the_backend(void **state)
{
	struct check how = verified("key", "checks.example");
	(void)state;

	NEED_TLS();
	expect(&how, "127.0.0.1", tls_port, PROBE_NOT_CHECKED, "not checked: no certificates in ca /");
	strcpy(how.ca, "/nonexistent");
	expect(&how, "127.0.0.1", tls_port, PROBE_NOT_CHECKED, "no certificates in ca /nonexistent");
}

static void https_asks_for_the_name_of_sni_and_verifies_it(void **state)
{
	struct check how = verified("cert", "other.example");
	(void)state;

	NEED_TLS();
	strcpy(how.sni, "checks.example");
	expect(&how, "127.0.0.1", tls_port, PROBE_GOOD, "HTTP 200");
	how.verify = false;
	strcpy(how.sni, "other.example");
	expect(&how, "127.0.0.1", tls_port, PROBE_BAD, "TLS: ");
}

static void https_of_a_plain_port_says_so(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_READS_NOTHING, "HTTP/1.1 400 Bad Request\r\n\r\n");
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "TLS: the port does not speak it");
	peer_close(&peer);
}

static void https_of_a_silent_port_times_out_in_the_handshake(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	struct peer peer;
	(void)state;

	how.timeout_ms = 200;
	peer_open(&peer, AF_INET, PEER_READS_NOTHING, NULL);
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "timed out after 200ms in the TLS handshake");
	peer_close(&peer);
}

static void http_of_a_tls_port_says_so(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct seen seen;
	(void)state;

	NEED_TLS();
	probe(&seen, &how, "127.0.0.1", tls_port);
	run_for(1);
	assert_int_equal(seen.outcome, PROBE_BAD);
	if (strcmp(seen.why, "the answer is not HTTP") &&
	    strcmp(seen.why, "closed without an answer"))
		fail_msg("%s", seen.why);
}

#define test_tls(name) cmocka_unit_test_setup_teardown(name, open_tls, close_tls)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(http_a_wanted_status_is_good),
		test(http_another_status_is_bad_and_named),
		test(http_one_wanted_status_is_named_alone),
		test(http_a_redirect_is_not_followed),
		test(http_an_informal_answer_is_not_the_answer),
		test(http_ends_with_the_headers_and_awaits_no_body),
		test(http_asks_for_what_was_said),
		test(http_without_a_host_names_the_address),
		test(http_of_a_host_that_is_none_says_nothing_of_the_backend),
		test(http_refused_says_so),
		test(http_closed_too_early_says_so),
		test(http_something_else_says_so),
		test(http_silence_times_out),
		test(http_headers_that_trickle_time_out),
		test(http_a_gigabyte_of_headers_is_cut_short),
		test(http_a_header_line_without_end_is_cut_short),
		test(http_informal_answers_without_end_are_cut_short),
		test_tls(https_a_certificate_of_anyones_is_good_enough),
		test_tls(https_tells_the_server_the_name_of_the_host),
		test_tls(https_checks_one_after_another_are_each_a_handshake),
		test_tls(https_verified_by_its_authority_is_good),
		test_tls(https_verified_by_another_authority_says_so),
		test_tls(https_verified_for_another_name_says_so),
		test_tls(https_verified_without_authorities_says_nothing_of_the_backend),
		test_tls(https_asks_for_the_name_of_sni_and_verifies_it),
		test(https_of_a_plain_port_says_so),
		test(https_of_a_silent_port_times_out_in_the_handshake),
		test_tls(http_of_a_tls_port_says_so),
	};

	/* Nothing of it is for checks. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
