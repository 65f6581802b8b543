// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing leaves its region: whatever happens to backends, keys, loads, schedules, networks
 * and the daemon, each packet goes to a backend that its client's newest rule allows, or
 * nowhere. What is allowed is found here by the prefixes, the wishes and the regions alone
 * (home_table()), and the datapath's own counts by ring and region must say the same; the
 * model of test_rule is held against each packet, and no live flow moves, as there.
 *
 * XRING_REGION_EVENTS=100000 for the long run; XRING_RULE_SEED chooses the history.
 */
#include <bpf/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "history.h"

#define EVENTS 40000
#define FEW 300			/* flows: each is heard of often enough to live */
#define TALKS 8				/* behind each event */
#define CALM_EACH 1000			/* events: then nothing happens for some minutes */

static void pass(struct history *h, uint32_t ms)
{
	h->rule.now += ms;
	h->config->clock = h->rule.now * 1000000;
	history_settle(h);
}

static void talk(struct history *h, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		client_speak(h, draw(h, FEW));
}

/* Backends, weights, keys, networks, schedules; bounds; a new life of the daemon. */
static void event(struct history *h)
{
	uint64_t relocations = h->relocations;

	switch (draw(h, 20)) {
	case 0:
		history_restart(h);
		h->restarts++;
		return;
	case 1:
		history_loads(h);
		h->bounds++;
		return;
	}
	while (!history_change(h))
		;
	/* It is forbidden at once, when the rings have it still. */
	if (h->relocations > relocations)
		talk(h, TALKS);
	history_flush(h, chance(h, 100));
}

/* All settles, and what is not needed is closed: the steady state is proved, too. */
static void calm(struct history *h)
{
	history_flush(h, false);	/* rules that allow more by now have their backends */
	for (int i = 0; i < 20; i++) {
		pass(h, 10000);
		talk(h, FEW / 3);
		history_walk(h);
		history_compare(h, i);
	}
}

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 10) : otherwise;
}

static void nothing_left(const struct history *h)
{
	uint64_t seen[XRING_EVENT_MAX], refused, sent = homes_counted(h, &refused);

	history_events(h, seen);
	print_message("%lu packets: %lu sent, %lu dropped (%lu by a strict rule), %lu leaks; "
		      "looked %.2f, pins forbidden %lu, full %lu, shed %lu; moved %lu\n",
		      h->packets, sent, h->dropped, refused, h->leaks,
		      (double)seen[XRING_EVENT_LOOKS] / h->packets, seen[XRING_EVENT_FORBIDDEN],
		      seen[XRING_EVENT_FULL], seen[XRING_EVENT_SHED], h->moved);
	assert_int_equal(h->leaks, 0);
	assert_int_equal(h->moved, 0);
	assert_int_equal(sent, h->packets - h->dropped);
	assert_in_range(refused, 1, h->dropped);
	assert_true(seen[XRING_EVENT_FORBIDDEN] > 0);
}

static void region_run(unsigned events, const struct history_kind *kind)
{
	struct history *h = malloc(sizeof(*h));

	history_open(h, setting("XRING_RULE_SEED", 1) + kind->pins, kind);
	history_begin(h);
	for (unsigned i = 1; i <= events; i++) {
		pass(h, 50 + draw(h, 900));
		event(h);
		talk(h, TALKS);
		if (chance(h, 30))
			history_walk(h);
		history_compare(h, i);
		if (i % CALM_EACH == 0)
			calm(h);
	}
	print_message("%u events: %lu deaths, %lu returns, %lu drains, %lu relocations, %lu splits "
		      "and gifts, %lu bounds, %lu schedules, %lu moves of classes, %lu restarts\n",
		      events, h->deaths, h->returns, h->drains, h->relocations, h->splits,
		      h->bounds, h->schedules, h->moves, h->restarts);
	nothing_left(h);
	history_close(h);
	free(h);
}

static bool ingresses_made(void)
{
	return !unshare(CLONE_NEWNET) &&
	       !system("ip link add ingress1 type veth peer name ingress2 2>/dev/null");
}

static void nothing_leaves_its_region(void **state)
{
	unsigned events = setting("XRING_REGION_EVENTS", EVENTS) / 2;
	struct history_kind kind = { .pins = 2 * FLOWS, .least = 6, .flows = FEW, .hot = true,
				     .rules = 350, .ingresses = ingresses_made() };

	(void)state;
	if (!kind.ingresses)
		print_message("no network namespace, or no ip, or no veth: without ingresses\n");
	region_run(events, &kind);
	kind.pins = FEW / 6;		/* for a few flows alone */
	region_run(events, &kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_leaves_its_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
