// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "core/text.h"
#include "daemon/checks.h"
#include "peer.h"

#define DEADLINE_MS 20000
#define OK "HTTP/1.1 200 OK\r\n\r\n"

/* ---- one loop, one checker ---- */

static struct {
	struct loop *loop;
	struct checker *checker;
	struct loop_timer deadline;
	bool late;
	int wanted;			/* results, and the loop stops */
} w;

/* What became of one probe; its owner. */
struct seen {
	struct probe *probe;
	int results, good;
	enum probe_outcome outcome;
	char why[160];
	uint32_t took_us;
	bool free_it;
	struct seen *free_other;
};

static void on_done(void *context, struct probe *p, const struct probe_result *result)
{
	struct seen *seen = probe_owner(p);

	assert_ptr_equal(context, &w);
	assert_ptr_equal(seen->probe, p);
	seen->results++;
	seen->good += result->outcome == PROBE_GOOD;
	seen->outcome = result->outcome;
	seen->took_us = result->took_us;
	snprintf(seen->why, sizeof(seen->why), "%s", result->why);
	if (seen->free_it) {
		probe_free(p);
		seen->probe = NULL;
	}
	if (seen->free_other) {
		probe_free(seen->free_other->probe);
		seen->free_other->probe = NULL;
	}
	if (w.wanted && --w.wanted == 0)
		loop_stop(w.loop);
}

static void on_deadline(void *context)
{
	(void)context;
	w.late = true;
	loop_stop(w.loop);
}

static int open_world(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	return loop_new(&w.loop) ?: loop_timer_new(w.loop, &w.deadline, on_deadline, NULL) ?:
	       checker_open(w.loop, on_done, &w, &w.checker);
}

static int close_world(void **state)
{
	(void)state;
	checker_close(w.checker);
	loop_timer_close(w.loop, &w.deadline);
	loop_free(w.loop);
	return 0;
}

static void run_for(int results)
{
	w.wanted = results;
	loop_timer_set(&w.deadline, DEADLINE_MS);
	assert_int_equal(loop_run(w.loop), 0);
	if (w.late)
		fail_msg("%d of %d results are missing", w.wanted, results);
}

static struct check check_by(enum check_kind kind)
{
	return (struct check){
		.kind = kind, .interval_ms = 60000, .timeout_ms = 5000, .path = "/",
		.status_min = 200, .status_max = 399,
	};
}

static void probe(struct seen *seen, const struct check *how, const char *to, uint16_t port)
{
	struct address address;

	*seen = (struct seen){};
	assert_int_equal(address_parse(to, &address), 0);
	assert_int_equal(probe_new(w.checker, how, &address, port, seen, &seen->probe), 0);
}

static void expect(const struct check *how, const char *to, uint16_t port,
		   enum probe_outcome outcome, const char *why)
{
	struct seen seen;

	probe(&seen, how, to, port);
	run_for(1);
	probe_free(seen.probe);
	if (seen.outcome != outcome || !strstr(seen.why, why))
		fail_msg("outcome %d, %s: want %d, %s", seen.outcome, seen.why, outcome, why);
}

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

/* ---- a network of the test's own ---- */

static int home = -1;

static void write_sysctl(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int enter_network(void **state)
{
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET)) {
		close(home);
		home = -1;
	}
	return open_world(state);
}

static int leave_network(void **state)
{
	int err = close_world(state);

	if (home >= 0) {
		err = setns(home, CLONE_NEWNET) ?: err;
		close(home);
	}
	return err;
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK };
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
}

#define NEED_NETWORK()                                                   \
	do {                                                             \
		if (home < 0) {                                          \
			print_message("no network namespace: not root\n"); \
			skip();                                          \
		}                                                        \
	} while (0)

/* ---- what is a probe ---- */

static void a_probe_needs_a_kind_and_a_port(void **state)
{
	struct check how = check_by(CHECK_NONE);
	struct address to = { .family = AF_INET };
	struct probe *p;
	(void)state;

	assert_int_equal(probe_new(w.checker, &how, &to, 80, NULL, &p), -EINVAL);
	how.kind = CHECK_TCP;
	assert_int_equal(probe_new(w.checker, &how, &to, 0, NULL, &p), -EINVAL);
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

	peer_open(&peer, AF_INET, PEER_IS_SILENT, NULL);
	expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "connected");
	peer_close(&peer);
}

static void tcp_a_listener_on_ipv6_is_good(void **state)
{
	struct check how = check_by(CHECK_TCP);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET6, PEER_IS_SILENT, NULL);
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

	NEED_NETWORK();
	expect(&how, "192.0.2.1", 80, PROBE_BAD, "network unreachable");
}

/* In the states of /proc/net/tcp, 06. */
static int time_waits(uint16_t port)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	char line[256];
	int count = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned local, remote, state;

		if (sscanf(line, " %*d: %*x:%x %*x:%x %x", &local, &remote, &state) == 3)
			count += state == 6 && (local == port || remote == port);
	}
	fclose(f);
	return count;
}

static void no_check_leaves_a_time_wait(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP };
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct check how = check_by(kinds[i]);

		expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "");
	}
	assert_int_equal(time_waits(peer.port), 0);
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
	peer_open(&peer, AF_INET, PEER_IS_SILENT, NULL);
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
	char command[256];
	int out[2];

	if (open_world(state))
		return -1;
	strcpy(tls_folder + strlen(tls_folder) - 6, "XXXXXX");
	if (!mkdtemp(tls_folder) || pipe2(out, O_CLOEXEC))
		return -1;
	snprintf(command, sizeof(command),
		 "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert "
		 "-days 1 -subj /CN=checks.example >/dev/null 2>&1", tls_folder);
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

static void https_of_a_plain_port_says_so(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	struct peer peer;
	(void)state;

	peer_open(&peer, AF_INET, PEER_FLOODS, "plain\r\n");
	peer.manner = PEER_DROPS;
	peer.text = "HTTP/1.1 400 Bad Request\r\n\r\n";
	expect(&how, "127.0.0.1", peer.port, PROBE_BAD, "TLS: ");
	peer_close(&peer);
}

static void https_of_a_silent_port_times_out_in_the_handshake(void **state)
{
	struct check how = check_by(CHECK_HTTPS);
	struct peer peer;
	(void)state;

	how.timeout_ms = 200;
	peer_open(&peer, AF_INET, PEER_IS_SILENT, NULL);
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

/* ---- icmp ---- */

static bool may(int family, int type, int protocol)
{
	_close_ int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return fd >= 0;
}

static void icmp_loopback_answers(void **state)
{
	struct check how = check_by(CHECK_ICMP);
	(void)state;

	if (!may(AF_INET, SOCK_RAW, IPPROTO_ICMP) && !may(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)) {
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
	if (!may(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) &&
	    !may(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)) {
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

	NEED_NETWORK();			/* where nobody may ping, by default */
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

	NEED_NETWORK();
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

	NEED_NETWORK();
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

	NEED_NETWORK();
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
	peer_open(&peer, AF_INET, PEER_IS_SILENT, NULL);
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
	assert_int_equal(checker_open(w.loop, on_done, &w, &w.checker), 0);
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
	struct rlimit old, none;
	struct peer peer;
	int free_fd;
	(void)state;

	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	getrlimit(RLIMIT_NOFILE, &old);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct check how = check_by(kinds[i]);

		how.interval_ms = 100;
		probe(&seen[i], &how, "127.0.0.1", peer.port);
	}
	free_fd = dup(0);
	close(free_fd);
	none = (struct rlimit){ free_fd, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	run_for(ARRAY_SIZE(kinds));
	setrlimit(RLIMIT_NOFILE, &old);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(seen[i].results, 1);
		assert_int_equal(seen[i].outcome, PROBE_NOT_CHECKED);
		assert_non_null(strstr(seen[i].why, "not checked: Too many open files"));
	}
	run_for(ARRAY_SIZE(kinds));
	assert_int_equal(seen[0].outcome, PROBE_GOOD);
	assert_int_equal(seen[1].outcome, PROBE_GOOD);
	peer_close(&peer);
}

static void hold_up(void *context)
{
	(void)context;
	usleep(400 * 1000);
}

static void an_answer_in_time_counts_though_the_loop_was_held_up(void **state)
{
	struct check how = check_by(CHECK_HTTP);
	struct loop_timer timer;
	struct peer peer;
	struct seen seen;
	(void)state;

	how.timeout_ms = 200;
	peer_open(&peer, AF_INET, PEER_ANSWERS, OK);
	peer.pause_ms = 100;
	assert_int_equal(loop_timer_new(w.loop, &timer, hold_up, NULL), 0);
	loop_timer_set(&timer, 50);
	probe(&seen, &how, "127.0.0.1", peer.port);
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
	peer_open(&silent, AF_INET, PEER_IS_SILENT, NULL);
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
	assert_int_equal(checker_open(w.loop, on_done, &w, &w.checker), 0);
	peer_close(&peer);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		close(fillers[i]);
	close(fd);
}

static void descriptors(bool ret_open[1024], bool ret_inherited[1024])
{
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);

		ret_open[fd] = flags >= 0;
		ret_inherited[fd] = flags >= 0 && !(flags & FD_CLOEXEC);
	}
}

static void descriptors_of_checks_are_not_inherited_and_not_kept(void **state)
{
	static const enum check_kind kinds[] = { CHECK_TCP, CHECK_HTTP, CHECK_ICMP };
	bool before[1024], during[1024], after[1024], inherited[1024], during_inherited[1024];
	struct seen slow[ARRAY_SIZE(kinds)], fast;
	struct check how = check_by(CHECK_HTTP);
	int fillers[8], fd;
	unsigned opened = 0;
	struct peer peer;
	uint16_t port;
	(void)state;

	peer_open(&peer, AF_INET, PEER_CLOSES, OK);
	expect(&how, "127.0.0.1", peer.port, PROBE_GOOD, "");	/* curl's own are open */
	how = check_by(CHECK_ICMP);
	expect(&how, "127.0.0.1", 0, PROBE_GOOD, "");
	fd = port_full(&port, fillers);
	descriptors(before, inherited);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		how = check_by(kinds[i]);
		probe(&slow[i], &how, "127.0.0.1", port);
	}
	how = check_by(CHECK_HTTP);
	how.interval_ms = 30;
	probe(&fast, &how, "127.0.0.1", peer.port);
	run_for(4);			/* icmp's and three fast ones */
	descriptors(during, during_inherited);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		probe_free(slow[i].probe);
	probe_free(fast.probe);
	descriptors(after, inherited);
	for (int i = 0; i < 1024; i++) {
		opened += during[i] && !before[i];
		assert_false(during_inherited[i] && !before[i]);
		assert_false(after[i] && !before[i]);
	}
	assert_in_range(opened, 2, 4);
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

#define test(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
#define test_tls(name) cmocka_unit_test_setup_teardown(name, open_tls, close_tls)
#define test_apart(name) cmocka_unit_test_setup_teardown(name, enter_network, leave_network)

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
		test(no_check_leaves_a_time_wait),
		test(http_a_wanted_status_is_good),
		test(http_another_status_is_bad_and_named),
		test(http_one_wanted_status_is_named_alone),
		test(http_a_redirect_is_not_followed),
		test(http_an_informal_answer_is_not_the_answer),
		test(http_ends_with_the_headers_and_awaits_no_body),
		test(http_asks_for_what_was_said),
		test(http_without_a_host_names_the_address),
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
		test(https_of_a_plain_port_says_so),
		test(https_of_a_silent_port_times_out_in_the_handshake),
		test_tls(http_of_a_tls_port_says_so),
		test(icmp_loopback_answers),
		test(icmp_loopback_answers_on_ipv6),
		test_apart(icmp_without_rights_says_so_and_is_no_bad_health),
		test_apart(icmp_a_ping_socket_does_where_there_are_no_rights),
		test_apart(icmp_no_reply_times_out),
		test_apart(icmp_replies_find_their_probes_among_many),
		test(a_check_comes_again_after_its_interval),
		test(a_backend_has_at_most_one_check_under_way),
		test(no_more_than_a_share_of_the_descriptors_is_used_at_once),
		test(without_descriptors_nothing_is_checked_and_nothing_is_bad),
		test(an_answer_in_time_counts_though_the_loop_was_held_up),
		test(probes_may_be_freed_from_within_a_result),
		test(a_checker_closes_in_the_midst_of_checks),
		test(descriptors_of_checks_are_not_inherited_and_not_kept),
		test(two_thousand_backends_are_checked_each_second_in_half_a_core),
	};

	/* Nothing of it is for checks. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
