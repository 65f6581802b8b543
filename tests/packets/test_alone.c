// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The datapath without a daemon: what is over is over by itself, and old loads shed nobody. No flow leaves its backend.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"

#define FLOWS 2000u
#define HOUR 3600000u

/* Flows from the network 10.<net>.0.0/16 or so; each went where `went` says. */
struct clients {
	uint8_t net;
	uint32_t went[FLOWS];
};

static void say(struct balancer *b, const struct clients *c, uint8_t flags, uint32_t *went)
{
	for (unsigned i = 0; i < FLOWS; i++)
		b->packets[i] = (struct drive_packet){
			.addr = htonl(DRIVE_KNOWN << 24 | c->net << 16 | i),
			.port = htons(1024 + i), .flags = flags, .seq = i * 9973 + (flags != SYN) };
	balancer_send(b, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++)
		went[i] = b->packets[i].backend;
}

static unsigned moved(struct balancer *b, const struct clients *c)
{
	uint32_t went[FLOWS];
	unsigned count = 0;

	say(b, c, ACK, went);
	for (unsigned i = 0; i < FLOWS; i++)
		count += went[i] != c->went[i];
	return count;
}

static void come(struct balancer *b, struct clients *c, uint8_t net)
{
	c->net = net;
	say(b, c, SYN, c->went);
	assert_int_equal(moved(b, c), 0);
}

/* Those that are where a change sends new flows. */
static unsigned newest(struct balancer *b, const struct clients *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		struct drive_packet p = { .addr = htonl(DRIVE_KNOWN << 24 | c->net << 16 | i),
					  .port = htons(1024 + i) };

		count += c->went[i] == cells_lookup(&b->cells, balancer_hash(b, &p));
	}
	return count;
}

static void settled(struct balancer *b)
{
	balancer_age(b, 0);
	assert_int_equal(b->cells.moving, 0);
	balancer_walk(b);
}

/*
 * Flows from before the change speak again within their idle time, and then each half an idle
 * time, an hour long. Flows that come in that hour go to the newest answer, and need no pin.
 */
static void a_change_ends_without_a_daemon(void **state)
{
	struct clients before, within, behind, later;
	struct balancer *b = balancer_steady(0, 0);
	uint32_t pins;

	(void)state;
	come(b, &before, 1);
	balancer_half(b);
	come(b, &within, 2);
	for (uint32_t ms = 0; ms < HOUR; ms += BALANCER_TCP_IDLE / 2) {
		balancer_alone(b, BALANCER_TCP_IDLE / 2);
		assert_int_equal(moved(b, &before), 0);
		assert_int_equal(moved(b, &within), 0);
		if (ms == BALANCER_TCP_IDLE) {	/* one half behind it, and more than ten seconds */
			pins = balancer_pins(b);
			come(b, &behind, 3);
			assert_int_equal(newest(b, &behind), FLOWS);
			assert_int_equal(balancer_pins(b), pins);
		}
		if (ms > BALANCER_TCP_IDLE)
			assert_int_equal(moved(b, &behind), 0);
	}
	/* A flow of whom nothing was heard since before the change has no right to the old answer. */
	later.net = 4;
	say(b, &later, ACK, later.went);
	assert_int_equal(newest(b, &later), FLOWS);
	settled(b);				/* as a daemon does that comes back */
	balancer_alive(b);
	assert_int_equal(moved(b, &before) + moved(b, &within) + moved(b, &behind) +
			 moved(b, &later), 0);
	balancer_free(b);
}

/* Until then flows that are older than the change and were silent come back to the old answer. */
static void not_before_its_time(void **state)
{
	struct balancer *b = balancer_steady(0, 0);
	struct clients silent;

	(void)state;
	come(b, &silent, 1);
	balancer_half(b);
	balancer_alone(b, BALANCER_TCP_IDLE + XRING_SILENT_MS - 1000);
	assert_int_equal(moved(b, &silent), 0);
	balancer_free(b);
}

/* Flows found no room for their pins: who knows where they are? They stay. */
static void what_is_held_stays(void **state)
{
	enum { FEW = 1000 };
	struct balancer *b = balancer_steady(FEW, 0);
	struct clients before, within;

	(void)state;
	come(b, &before, 1);
	balancer_half(b);
	assert_int_equal(moved(b, &before), 0);		/* half of them have pins now */
	assert_int_equal(balancer_pins(b), FEW);
	come(b, &within, 2);
	for (uint32_t ms = 0; ms < HOUR; ms += BALANCER_TCP_IDLE / 2) {
		balancer_alone(b, BALANCER_TCP_IDLE / 2);
		assert_int_equal(moved(b, &before), 0);
		assert_int_equal(moved(b, &within), 0);
	}
	balancer_free(b);
}

static void an_old_load_sheds_nobody(void **state)
{
	struct balancer *b = balancer_steady(0, 1250);
	struct clients bounded, free_again;

	(void)state;
	b->loads[1] = 2 * XRING_LOAD_FULL;
	come(b, &bounded, 1);
	assert_true(newest(b, &bounded) < FLOWS);
	balancer_alone(b, XRING_SILENT_MS + 1000);
	come(b, &free_again, 2);
	assert_int_equal(newest(b, &free_again), FLOWS);
	assert_int_equal(moved(b, &bounded), 0);
	balancer_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_ends_without_a_daemon),
		cmocka_unit_test(not_before_its_time),
		cmocka_unit_test(what_is_held_stays),
		cmocka_unit_test(an_old_load_sheds_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
