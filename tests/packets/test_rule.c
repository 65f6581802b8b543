// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rule of changes: the datapath and core/ against the model in rule.c, packet
 * by packet, in random histories of changes, deaths, returns, cancellations and
 * restarts, with clients that end, come back on the same ports, fall silent, and
 * attackers who forge. And the promise itself, of which the model knows nothing:
 * a flow that lives and speaks never changes its backend, but where its client's newest
 * rule forbids it.
 *
 * XRING_RULE_STEPS and XRING_RULE_SEED lengthen and choose the histories.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "history.h"
#include "xring.skel.h"

#define STEPS 400

/*
 * With rules, some minutes in which nothing is changed come after each stretch of changes:
 * LOOK stays while any class moves, and what is open everywhere is no proof.
 */
static bool is_calm(const struct history *h, unsigned number)
{
	return h->kind.rules && number % 250 >= 150;
}

/* What happens in a step of some seconds. */
static void step(struct history *h, unsigned number)
{
	uint32_t changes = !is_calm(h, number) && chance(h, 250) ? 1 + draw(h, 3) : 0;

	h->rule.now += 500 + draw(h, STEP_MS - 500);
	h->config->clock = h->rule.now * 1000000;
	history_settle(h);
	for (uint32_t i = 0; i < changes; i++)
		history_change(h);
	if (changes)
		history_flush(h, chance(h, 200));
	if (h->kind.hot && chance(h, 300))
		history_loads(h);
	if (chance(h, 50))
		history_restart(h);
	if (chance(h, 5))
		clients_away(h);
	clients_step(h);
	if (chance(h, 300))
		history_walk(h);
	history_compare(h, number);
}

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static void rules_hold(struct history *h, const uint64_t *events)
{
	uint64_t refused, sent = homes_counted(h, &refused);

	print_message("  classes moved %lu times, %lu schedules, %lu backends relocated; "
		      "pins forbidden %lu, dropped %lu, leaks %lu\n", h->moves, h->schedules,
		      h->relocations, events[XRING_EVENT_FORBIDDEN], h->dropped, h->leaks);
	assert_int_equal(h->leaks, 0);
	assert_int_equal(sent, h->packets - h->dropped);
	assert_in_range(refused, 0, h->dropped);
	assert_true(h->moves > 0);
}

static void run_seed(uint64_t seed, const struct history_kind *kind)
{
	struct history *h = malloc(sizeof(*h));
	unsigned steps = setting("XRING_RULE_STEPS", STEPS);
	uint64_t events[XRING_EVENT_MAX] = {};

	history_open(h, seed, kind);
	history_begin(h);
	for (unsigned i = 0; i < steps; i++)
		step(h, i);
	history_events(h, events);
	print_message("seed %lu: %u steps, %lu packets, %lu changes, %lu deaths, %lu forged; "
		      "looked %.2f, pins made %lu, confirmed %lu, full %lu; "
		      "splits %lu, shed %lu; handshakes spoilt %lu, numbers guessed %lu, away %lu, "
		      "moved %lu\n", seed, steps,
		      h->packets, h->changes, h->deaths, h->forged,
		      (double)events[XRING_EVENT_LOOKS] / h->packets, events[XRING_EVENT_MADE],
		      events[XRING_EVENT_CONFIRMED], events[XRING_EVENT_FULL], h->splits,
		      events[XRING_EVENT_SHED], h->spoilt, h->guessed, h->away,
		      h->moved);
	if (kind->rules)
		rules_hold(h, events);
	assert_int_equal(h->moved, 0);
	assert_true(h->guessed <= 3);	/* of some thousand forged flows, one in 65,536 each */
	assert_true(events[XRING_EVENT_LOOKS] > 0);
	assert_int_equal(events[XRING_EVENT_FULL] > 0, kind->pins < FLOWS);
	history_close(h);
	free(h);
}

static void no_live_flow_moves_and_the_model_agrees(void **state)
{
	unsigned seed = setting("XRING_RULE_SEED", 1);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		run_seed(seed + i, &(struct history_kind){ .least = 4, .pins = 2 * FLOWS });
}

static void a_full_table_is_counted_and_moves_no_live_flow(void **state)
{
	(void)state;
	run_seed(setting("XRING_RULE_SEED", 1) + 100,
		 &(struct history_kind){ .least = 4, .pins = 500 });
}

static void keys_are_split_and_healed_and_loads_shed_without_moving_a_flow(void **state)
{
	unsigned seed = setting("XRING_RULE_SEED", 1);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		run_seed(seed + i, &(struct history_kind){ .least = 4, .pins = 2 * FLOWS,
							   .hot = true });
	run_seed(seed + 100, &(struct history_kind){ .least = 4, .pins = 500, .hot = true });
}

static void clients_go_from_ring_to_ring_without_moving_a_flow(void **state)
{
	unsigned seed = setting("XRING_RULE_SEED", 1);

	(void)state;
	run_seed(seed, &(struct history_kind){ .least = 4, .pins = 2 * FLOWS, .rules = 600 });
	run_seed(seed + 100, &(struct history_kind){ .least = 4, .pins = 500, .rules = 600 });
}

static void so_do_those_whose_keys_are_split_meanwhile(void **state)
{
	unsigned seed = setting("XRING_RULE_SEED", 1);

	(void)state;
	run_seed(seed, &(struct history_kind){ .least = 4, .pins = 2 * FLOWS, .rules = 600,
					       .hot = true });
	run_seed(seed + 100, &(struct history_kind){ .least = 4, .pins = 500, .rules = 600,
						     .hot = true });
}

static void so_do_those_who_follow_the_ingress_at_which_they_come_in(void **state)
{
	unsigned seed = setting("XRING_RULE_SEED", 1);

	(void)state;
	if (unshare(CLONE_NEWNET) ||
	    system("ip link add ingress1 type veth peer name ingress2 2>/dev/null")) {
		print_message("SKIP: no network namespace, or no ip, or no veth\n");
		skip();
	}
	run_seed(seed, &(struct history_kind){ .least = 4, .pins = 2 * FLOWS, .rules = 600,
					       .ingresses = true });
	run_seed(seed + 1, &(struct history_kind){ .least = 4, .pins = 2 * FLOWS, .rules = 600,
						   .ingresses = true, .hot = true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_live_flow_moves_and_the_model_agrees),
		cmocka_unit_test(a_full_table_is_counted_and_moves_no_live_flow),
		cmocka_unit_test(keys_are_split_and_healed_and_loads_shed_without_moving_a_flow),
		cmocka_unit_test(clients_go_from_ring_to_ring_without_moving_a_flow),
		cmocka_unit_test(so_do_those_whose_keys_are_split_meanwhile),
		cmocka_unit_test(so_do_those_who_follow_the_ingress_at_which_they_come_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
