/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_ASKER_H
#define XRING_TEST_ASKER_H

#include "base/loop.h"
#include "core/model/check.h"
#include "daemon/probe/probes.h"

/* The world of a test of health checks: one loop and one checker, and what became of the probes. */
#define OK "HTTP/1.1 200 OK\r\n\r\n"

struct asker {
	struct loop *loop;
	struct checker *checker;
	const struct probe_kinds *kinds;	/* of the checker; NULL: the health checks */
	struct loop_timer deadline;
	bool late;			/* the deadline has passed */
	int wanted;			/* results until the loop stops */
};
extern struct asker w;

/* The owner of a probe: what its results were. */
struct seen {
	struct probe *probe;
	int results, good;
	enum probe_outcome outcome;
	char why[160];
	uint32_t took_us;
	bool free_it;			/* frees the probe from within its result */
	struct seen *free_other;	/* frees that probe from within the result */
};

int open_world(void **state);
int close_world(void **state);
void open_checker(void);
void run_for(int results);	/* until so many results have come; fails after 20 seconds */
void run_ms(unsigned ms);	/* whatever comes meanwhile */

/*
 * A check of that kind once a minute, with a timeout of 5 seconds; good is a status of 200
 * to 399 for /.
 */
struct check check_by(enum check_kind kind);
void probe(struct seen *seen, const struct check *how, const char *to, uint16_t port);

/* Runs one check; its outcome must be that, and its reason must contain `why`. */
void expect(const struct check *how, const char *to, uint16_t port, enum probe_outcome outcome,
	    const char *why);

/* Opens the world in a network namespace of the test's own, where lo is down. */
int enter_network(void **state);
int leave_network(void **state);
void need_network(void);		/* skips the test if there is no namespace */
void loopback_up(void);
bool may_ping(int family);		/* can a raw or a ping socket be opened? */
void write_sysctl(const char *path, const char *text);

#define test(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
#define test_apart(name) cmocka_unit_test_setup_teardown(name, enter_network, leave_network)

#endif
