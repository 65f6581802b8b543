// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Floods and forgeries: whatever strangers send, no live flow leaves its backend, no
 * SYN takes a pin, and no map grows. XRING_FLOOD is the number of packets.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "frame.h"

#define FLOWS 2000u
#define NODES 20
#define ROUNDS 10u
#define HANDSHAKES 200u
#define BITS 14

/* When a flow is first heard after the change began. */
enum kind {
	KIND_SEEN,			/* before the flood: it is pinned */
	KIND_NEW,			/* its handshake is younger than the change */
	KIND_LATE,			/* in the midst of the flood */
	KIND_LAST,			/* behind it */
	KINDS
};

struct flow {
	struct drive_packet next;	/* that its client sends */
	uint32_t backend;		/* where it lives */
};

struct scene {
	struct balancer *b;
	struct flow flows[FLOWS];
	uint32_t moved;			/* flows that were sent elsewhere, ever */
	uint32_t spoken;
};

static enum kind kind_of(unsigned i)
{
	return i % KINDS;
}

static void list_add(struct scene *s, uint32_t *count, unsigned i, uint8_t flags)
{
	s->b->packets[*count] = s->flows[i].next;
	s->b->packets[*count].flags = flags;
	++*count;
}

/* The flows of a kind whose number is `part` modulo `parts` send a packet each. */
static void speak(struct scene *s, enum kind kind, unsigned part, unsigned parts)
{
	uint32_t count = 0, from = 0;

	for (unsigned i = 0; i < FLOWS; i++)
		if (kind_of(i) == kind && i / KINDS % parts == part)
			list_add(s, &count, i, ACK);
	balancer_send(s->b, count);
	for (unsigned i = 0; i < FLOWS; i++)
		if (kind_of(i) == kind && i / KINDS % parts == part)
			s->moved += s->b->packets[from++].backend != s->flows[i].backend;
	s->spoken += count;
}

static void speak_all(struct scene *s)
{
	for (int kind = 0; kind < KINDS; kind++)
		speak(s, kind, 0, 1);
}

/* Handshakes: SYNs, and then the ACKs, which must go where the SYNs went. */
static void open_flows(struct scene *s, bool young)
{
	uint32_t count = 0, from = 0;

	for (unsigned i = 0; i < FLOWS; i++)
		if ((kind_of(i) == KIND_NEW) == young)
			list_add(s, &count, i, SYN);
	balancer_send(s->b, count);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct flow *f = &s->flows[i];

		if ((kind_of(i) == KIND_NEW) != young)
			continue;
		f->backend = s->b->packets[from++].backend;
		assert_int_not_equal(f->backend, 0);
		f->next.seq++;
	}
	for (int kind = 0; kind < KINDS; kind++)
		if ((kind == KIND_NEW) == young)
			speak(s, kind, 0, 1);
}

/* Ten of twenty backends leave and ten others come. */
static void change(struct scene *s)
{
	uint32_t points[NODES + NODES / 2];

	for (int i = 0; i < NODES + NODES / 2; i++)
		points[i] = i < NODES / 2 ? 0 : 150;
	balancer_change(s->b, points, ARRAY_SIZE(points), CELLS_KEEP);
}

static struct scene *scene_new(uint32_t pins)
{
	struct scene *s = calloc(1, sizeof(*s));
	uint32_t points[NODES];

	s->b = balancer_new(&(struct balancer_size){ BITS, pins });
	for (int i = 0; i < NODES; i++)
		points[i] = 150;
	balancer_change(s->b, points, NODES, CELLS_CUT);
	srandom(1);
	for (unsigned i = 0; i < FLOWS; i++)
		s->flows[i].next = (struct drive_packet){
			.addr = htonl(DRIVE_KNOWN << 24 | 1 << 16 | i),
			.port = htons(1024 + i * 29),
			.seq = random() << 1,
		};
	return s;
}

static void scene_free(struct scene *s)
{
	balancer_free(s->b);
	free(s);
}

/* A scene in which a change has just begun. */
static struct scene *changing_new(uint32_t pins)
{
	struct scene *s = scene_new(pins);

	open_flows(s, false);
	change(s);
	assert_in_range(s->b->cells.moving, 1, cells_count(&s->b->cells) - 1);
	speak(s, KIND_SEEN, 0, 1);
	open_flows(s, true);
	return s;
}

static void events_print(const struct scene *s, const char *of)
{
	static const char *const names[] = {
#define X(id, name, help) name,
		XRING_EVENTS(X)
#undef X
	};
	uint64_t events[XRING_EVENT_MAX];

	balancer_events(s->b, events);
	printf("%s:", of);
	for (int i = 0; i < XRING_EVENT_MAX; i++)
		printf(" %s %lu", names[i], events[i]);
	printf("; pins %u, syns %u\n", balancer_pins(s->b), balancer_syns(s->b));
}

/* Other clients' handshakes with that many SYNs of the flood in their midst. */
static uint32_t handshakes_spoilt(struct scene *s, uint32_t between)
{
	uint32_t went[HANDSHAKES], spoilt = 0;

	for (uint32_t i = 0; i < HANDSHAKES; i++)
		s->b->packets[i] = (struct drive_packet){
			.addr = htonl(DRIVE_KNOWN << 24 | 2 << 16 | i),
			.port = htons(1024 + random() % 60000), .seq = i, .flags = SYN };
	balancer_send(s->b, HANDSHAKES);
	balancer_flood(s->b, SYN, between);
	for (uint32_t i = 0; i < HANDSHAKES; i++) {
		went[i] = s->b->packets[i].backend;
		s->b->packets[i].seq++;
		s->b->packets[i].flags = ACK;
	}
	balancer_send(s->b, HANDSHAKES);
	for (uint32_t i = 0; i < HANDSHAKES; i++)
		spoilt += went[i] != s->b->packets[i].backend;
	return spoilt;
}

static void a_flood_of_syns_takes_no_pin_and_moves_no_live_flow(void **state)
{
	uint64_t packets = setting("XRING_FLOOD", 300000);
	struct scene *s = changing_new(0);
	uint64_t memory = balancer_memory(s->b);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t pins = balancer_pins(s->b);

		assert_in_range(pins, 1, FLOWS);
		balancer_flood(s->b, SYN, packets / ROUNDS);
		assert_int_equal(balancer_pins(s->b), pins);
		assert_in_range(balancer_syns(s->b), 1, XRING_SYNS);
		speak(s, KIND_SEEN, 0, 1);
		speak(s, KIND_NEW, 0, 1);
		speak(s, KIND_LATE, round, ROUNDS);
	}
	speak_all(s);
	assert_int_equal(balancer_memory(s->b), memory);
	events_print(s, "SYN flood");
	printf("%lu SYNs, %.1f MiB of maps, pins the flood took: 0, moved %u of %u\n", packets,
	       memory / 1048576.0, s->moved, s->spoken);
	printf("handshakes of %u spoilt by a flood in their midst: %u of 1,000, %u of 10,000, "
	       "%u of 100,000 SYNs\n", HANDSHAKES, handshakes_spoilt(s, 1000),
	       handshakes_spoilt(s, 10000), handshakes_spoilt(s, 100000));
	assert_int_equal(s->moved, 0);
	scene_free(s);
}

/* After the switch: cells with pins are looked at, and new flows leave nothing. */
static void behind_the_switch_a_flood_of_syns_leaves_nothing(void **state)
{
	struct scene *s = changing_new(0);
	uint64_t before[XRING_EVENT_MAX], after[XRING_EVENT_MAX];
	uint32_t pins;

	(void)state;
	for (int half = 0; half < 2; half++) {
		speak_all(s);
		balancer_age(s->b, BALANCER_TCP_IDLE / 2 + 1000);
	}
	assert_int_equal(s->b->cells.moving, 0);
	speak_all(s);
	balancer_walk(s->b);
	pins = balancer_pins(s->b);
	assert_in_range(pins, 1, FLOWS);
	balancer_events(s->b, before);
	balancer_flood(s->b, SYN, setting("XRING_FLOOD", 300000));
	balancer_events(s->b, after);
	speak_all(s);
	events_print(s, "behind the switch");
	assert_true(after[XRING_EVENT_LOOKS] > before[XRING_EVENT_LOOKS]);
	assert_int_equal(after[XRING_EVENT_SYNS], before[XRING_EVENT_SYNS]);
	assert_int_equal(balancer_pins(s->b), pins);
	assert_int_equal(s->moved, 0);
	scene_free(s);
}

/* One forged packet on each live tuple. */
static void forge(struct scene *s, uint8_t flags)
{
	uint32_t count = 0;

	for (unsigned i = 0; i < FLOWS; i++)
		list_add(s, &count, i, flags);
	for (uint32_t i = 0; i < count; i++)
		s->b->packets[i].seq = random() << 1 ^ random();
	balancer_send(s->b, count);
}

/* Late flows are first heard behind what leaves no pin, the last ones behind all. */
static void forgeries_on_live_tuples_divert_nothing(void **state)
{
	static const uint8_t pinless[] = { SYN, RST, SYN, RST | ACK };
	static const uint8_t all[] = { FIN | ACK, SYN, ACK, RST, FIN, SYN | ACK, RST | ACK };
	struct scene *s = changing_new(0);

	(void)state;
	for (unsigned round = 0; round < 10 * ARRAY_SIZE(pinless); round++) {
		forge(s, pinless[round % ARRAY_SIZE(pinless)]);
		speak(s, KIND_LATE, round, 10 * ARRAY_SIZE(pinless));
		speak(s, KIND_SEEN, round, 10 * ARRAY_SIZE(pinless));
	}
	for (unsigned round = 0; round < 10 * ARRAY_SIZE(all); round++) {
		forge(s, all[round % ARRAY_SIZE(all)]);
		speak(s, KIND_NEW, round, 10 * ARRAY_SIZE(all));
	}
	speak_all(s);
	events_print(s, "forgeries");
	printf("%zu on each of %u live tuples, moved %u of %u\n",
	       10 * (ARRAY_SIZE(pinless) + ARRAY_SIZE(all)), FLOWS, s->moved, s->spoken);
	assert_int_equal(s->moved, 0);
	scene_free(s);
}

static void a_flood_of_acks_fills_the_pins_and_moves_no_live_flow(void **state)
{
	uint64_t packets = setting("XRING_FLOOD", 300000);
	struct scene *s = changing_new(1 << 14);
	uint64_t memory = balancer_memory(s->b), events[XRING_EVENT_MAX];

	(void)state;
	balancer_flood(s->b, ACK, packets);
	balancer_flood(s->b, RST, packets / 10);
	balancer_events(s->b, events);
	assert_true(events[XRING_EVENT_FULL] > 0);
	assert_int_equal(balancer_pins(s->b), 1 << 14);
	assert_int_equal(balancer_memory(s->b), memory);
	for (int half = 0; half < 4; half++) {		/* the settle time begins again */
		speak_all(s);
		balancer_age(s->b, BALANCER_TCP_IDLE / 2 + 1000);
		balancer_walk(s->b);
	}
	speak_all(s);
	events_print(s, "ACK flood");
	assert_int_equal(s->b->cells.moving, 0);
	assert_in_range(balancer_pins(s->b), 1, FLOWS);
	assert_int_equal(s->moved, 0);
	scene_free(s);
}

static void outside_a_change_a_flood_leaves_nothing(void **state)
{
	struct scene *s = scene_new(0);
	uint64_t events[XRING_EVENT_MAX];

	(void)state;
	open_flows(s, false);
	balancer_flood(s->b, SYN, setting("XRING_FLOOD", 300000));
	balancer_flood(s->b, ACK, 100000);
	balancer_flood(s->b, RST, 100000);
	for (int kind = 0; kind < KINDS; kind++)
		if (kind != KIND_NEW)
			speak(s, kind, 0, 1);
	balancer_events(s->b, events);
	for (int i = 0; i < XRING_EVENT_MAX; i++)
		assert_int_equal(events[i], 0);
	assert_int_equal(balancer_pins(s->b), 0);
	assert_int_equal(balancer_syns(s->b), 0);
	assert_int_equal(s->moved, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_of_syns_takes_no_pin_and_moves_no_live_flow),
		cmocka_unit_test(behind_the_switch_a_flood_of_syns_leaves_nothing),
		cmocka_unit_test(forgeries_on_live_tuples_divert_nothing),
		cmocka_unit_test(a_flood_of_acks_fills_the_pins_and_moves_no_live_flow),
		cmocka_unit_test(outside_a_change_a_flood_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
