// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What `xring explain` says is what happens, over random histories of changes (pins, split keys, rules, bounds,
 * cells that move), and no question leaves a trace in the maps. Packets of other shapes, in all modes, are asked of by
 * the other tests with XRING_ASK=1, which the last test here does for some that have many of them, and with
 * XRING_ASK_ALL for more.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "base/util.h"
#include "history.h"
#include "xring.skel.h"

#define PACKETS 100000u			/* of which somebody is asked, at least */

static void step(struct history *h)
{
	h->rule.now += 500 + draw(h, STEP_MS - 500);
	h->config->clock = h->rule.now * 1000000;
	history_settle(h);
	if (chance(h, 500)) {
		for (uint32_t i = 1 + draw(h, 3); i; i--)
			history_change(h);
		history_flush(h, chance(h, 200));
	}
	if (h->kind.hot && chance(h, 300))
		history_loads(h);
	clients_step(h);
	if (chance(h, 300))
		history_walk(h);
}

static struct history *begin(uint64_t seed, struct history_kind kind)
{
	struct history *h = malloc(sizeof(*h));

	kind.least = 4;
	kind.pins = 2 * FLOWS;
	kind.asked = true;
	history_open(h, seed, &kind);
	history_begin(h);
	return h;
}

static void end(struct history *h)
{
	history_close(h);
	free(h);
}

static const struct history_kind kinds[] = {
	{}, { .hot = true }, { .rules = 600 }, { .rules = 600, .hot = true },
	{ .rules = 600, .hot = true, .ingresses = true },
};

static void what_is_said_is_what_happens(void **state)
{
	uint64_t all = 0;

	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(system("ip link set lo up && ip link add ingress1 type veth peer name ingress2 && "
				"ip link set ingress1 up && ip link set ingress2 up"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct history *h = begin(1 + i, kinds[i]);
		uint64_t events[XRING_EVENT_MAX] = {};

		while (asked_count(h->asked) < PACKETS / ARRAY_SIZE(kinds) + 1)
			step(h);
		history_events(h, events);
		all += asked_count(h->asked);
		print_message("kind %zu: %lu packets, %lu changes; %lu looked for a pin, %lu pins made, %lu "
			      "confirmed\n", i, asked_count(h->asked), h->changes, events[XRING_EVENT_LOOKS],
			      events[XRING_EVENT_MADE], events[XRING_EVENT_CONFIRMED]);
		assert_true(events[XRING_EVENT_MADE] > 0 && events[XRING_EVENT_CONFIRMED] > 0);
		end(h);
	}
	assert_true(all >= PACKETS);
}

/* ---- no trace ---- */

static uint64_t sum_of(const void *bytes, size_t len, uint64_t sum)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * 0x100000001b3;	/* FNV-1a */
	return sum;
}

/* Of all keys and values, in whatever order they come. */
static uint64_t map_sum(const struct bpf_map *map)
{
	size_t value_size = bpf_map__value_size(map), key_size = bpf_map__key_size(map);
	size_t bytes = (value_size + 7) / 8 * 8 * libbpf_num_possible_cpus();
	_free_ uint8_t *value = calloc(1, bytes), *key = calloc(1, key_size), *next = calloc(1, key_size);
	int fd = bpf_map__fd(map);
	uint64_t sum = 0;

	for (int err = bpf_map_get_next_key(fd, NULL, next); !err;
	     err = bpf_map_get_next_key(fd, key, next)) {
		memcpy(key, next, key_size);
		if (!bpf_map_lookup_elem(fd, key, value))
			sum += sum_of(value, value_size, sum_of(key, key_size, 0xcbf29ce484222325));
	}
	return sum;
}

/* Of all maps but those of maps, and the ring buffer. */
static void sums(const struct history *h, uint64_t ret[64])
{
	const struct bpf_map *map;
	size_t i = 0;

	bpf_object__for_each_map(map, h->skel->obj)
		if (bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF &&
		    bpf_map__type(map) != BPF_MAP_TYPE_ARRAY_OF_MAPS && i < 64)
			ret[i++] = map_sum(map);
}

static void questions_leave_no_trace(void **state)
{
	struct history *h = begin(9, kinds[3]);
	uint64_t before[64] = {}, after[64] = {};

	(void)state;
	/* In the middle of changes, with flows of all ages. */
	while (asked_count(h->asked) < 20000 || !h->changes)
		step(h);
	history_change(h);
	history_flush(h, false);
	sums(h, before);
	for (unsigned i = 0; i < 10000; i++) {
		uint8_t frame[96];

		/* The last packet, of other clients, ports, flags and numbers. */
		memcpy(frame, h->in, sizeof(frame));
		frame[14 + 15] = draw(h, 256);
		frame[14 + 20] = draw(h, 256);
		frame[14 + 27] = draw(h, 256);
		frame[14 + 33] = draw(h, 64);
		asked_ask(h->asked, frame, sizeof(frame), 0);
	}
	sums(h, after);
	assert_memory_equal(before, after, sizeof(before));
	end(h);
}

/* ---- packets of other shapes ---- */

static void so_it_is_of_packets_of_all_shapes(void **state)
{
	static const char *const others[] = { "uncommon", "networks", "answers", "vlan", "gue", "packets" };
	size_t count = getenv("XRING_ASK_ALL") ? ARRAY_SIZE(others) : 3;
	char self[512] = "", command[600];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = len > 0 ? strrchr(self, '/') : NULL;

	(void)state;
	assert_non_null(slash);
	*slash = 0;
	assert_int_equal(setenv("XRING_ASK", "1", 1), 0);
	for (size_t i = 0; i < count; i++) {
		snprintf(command, sizeof(command), "%s/test_%s >/tmp/xring-asked.%d 2>&1 || { tail -n 60 "
			 "/tmp/xring-asked.%d; false; }", self, others[i], getpid(), getpid());
		if (system(command))
			fail_msg("test_%s with XRING_ASK=1", others[i]);
	}
	snprintf(command, sizeof(command), "/tmp/xring-asked.%d", getpid());
	unlink(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_is_what_happens),
		cmocka_unit_test(questions_leave_no_trace),
		cmocka_unit_test(so_it_is_of_packets_of_all_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
