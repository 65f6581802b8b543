// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asker.h"
#include "base/loop.h"
#include "base/util.h"
#include "core/model/text.h"
#include "daemon/probe/kinds.h"
#include "daemon/probe/probe.h"
#include "daemon/probe/probes.h"

#define DEADLINE_MS 20000

/* ---- one loop, one checker ---- */

struct asker w;

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

void open_checker(void)
{
	assert_int_equal(checker_open(w.loop, w.kinds ?: &probe_kinds, on_done, &w, &w.checker), 0);
}

int open_world(void **state)
{
	(void)state;
	w = (struct asker){ .kinds = w.kinds };
	if (loop_new(&w.loop) || loop_timer_new(w.loop, &w.deadline, on_deadline, NULL))
		return -1;
	open_checker();
	return 0;
}

int close_world(void **state)
{
	(void)state;
	checker_close(w.checker);
	loop_timer_close(w.loop, &w.deadline);
	loop_free(w.loop);
	return 0;
}

void run_for(int results)
{
	w.wanted = results;
	loop_timer_set(&w.deadline, DEADLINE_MS);
	assert_int_equal(loop_run(w.loop), 0);
	if (w.late)
		fail_msg("%d of %d results are missing", w.wanted, results);
}

void run_ms(unsigned ms)
{
	w.wanted = 0;
	loop_timer_set(&w.deadline, ms);
	assert_int_equal(loop_run(w.loop), 0);
	w.late = false;
}

struct check check_by(enum check_kind kind)
{
	return (struct check){
		.kind = kind, .interval_ms = 60000, .timeout_ms = 5000, .path = "/",
		.status_min = 200, .status_max = 399,
	};
}

void probe(struct seen *seen, const struct check *how, const char *to, uint16_t port)
{
	struct address address;

	*seen = (struct seen){};
	assert_int_equal(address_parse(to, &address), 0);
	assert_int_equal(probe_new(w.checker, how, &address, port, NULL, seen, &seen->probe), 0);
}

void expect(const struct check *how, const char *to, uint16_t port, enum probe_outcome outcome,
	    const char *why)
{
	struct seen seen;

	probe(&seen, how, to, port);
	run_for(1);
	probe_free(seen.probe);
	if (seen.outcome != outcome || !strstr(seen.why, why))
		fail_msg("outcome %d, %s: want %d, %s", seen.outcome, seen.why, outcome, why);
}

/* ---- a network of the test's own ---- */

static int home = -1;

void write_sysctl(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

int enter_network(void **state)
{
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET)) {
		close(home);
		home = -1;
	}
	return open_world(state);
}

int leave_network(void **state)
{
	int err = close_world(state);

	if (home >= 0) {
		err = setns(home, CLONE_NEWNET) ?: err;
		close(home);
	}
	return err;
}

void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK };
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
}

void need_network(void)
{
	if (home >= 0)
		return;
	print_message("no network namespace: not root\n");
	skip();
}

static bool may_open(int family, int type)
{
	int protocol = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	_close_ int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return fd >= 0;
}

bool may_ping(int family)
{
	return may_open(family, SOCK_RAW) || may_open(family, SOCK_DGRAM);
}
