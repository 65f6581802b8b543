/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_ASKER_H
#define XRING_TEST_ASKER_H

#include "base/loop.h"
#include "core/model/check.h"
#include "daemon/probe/probes.h"

/* One loop and one checker for a test, and what became of its probes. */
#define OK "HTTP/1.1 200 OK\r\n\r\n"

struct asker {
	struct loop *loop;
	struct checker *checker;
	struct loop_timer deadline;
	bool late;
	int wanted;			/* results, and the loop stops */
};
extern struct asker w;

/* A probe's owner. */
struct seen {
	struct probe *probe;
	int results, good;
	enum probe_outcome outcome;
	char why[160];
	uint32_t took_us;
	bool free_it;			/* from within its result */
	struct seen *free_other;
};

int open_world(void **state);
int close_world(void **state);
void open_checker(void);
void run_for(int results);		/* fails after 20 seconds */

/* Once a minute, 5 seconds for it, 200 to 399 of /. */
struct check check_by(enum check_kind kind);
void probe(struct seen *seen, const struct check *how, const char *to, uint16_t port);

/* One check, and what `why` has in it. */
void expect(const struct check *how, const char *to, uint16_t port, enum probe_outcome outcome,
	    const char *why);

/* A network namespace of the test's own, lo down; the world is in it. */
int enter_network(void **state);
int leave_network(void **state);
void need_network(void);		/* or the test is skipped */
void loopback_up(void);
bool may_ping(int family);		/* by a raw or a ping socket */
void write_sysctl(const char *path, const char *text);

#define test(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
#define test_apart(name) cmocka_unit_test_setup_teardown(name, enter_network, leave_network)

#endif
