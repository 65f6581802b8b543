// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets that are not common ones while the answers of their flows change: they follow the pins of
 * their flows, and an ICMP error makes none.
 */
#include "balancer.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"
#include "xring.skel.h"

#define FLOWS 500u
#define DOT1Q 0x81000000u

struct clients {
	uint8_t net;			/* 10.<net>.0.0/16 */
	uint32_t went[FLOWS];
};

static uint32_t number_of(unsigned i, uint8_t flags)
{
	return i * 9973 + (flags != SYN);
}

static void say(struct balancer *b, const struct clients *c, uint8_t flags, uint32_t *went)
{
	for (unsigned i = 0; i < FLOWS; i++)
		b->packets[i] = (struct drive_packet){
			.addr = htonl(DRIVE_KNOWN << 24 | c->net << 16 | i),
			.port = htons(1024 + i), .flags = flags, .seq = number_of(i, flags) };
	balancer_send(b, FLOWS);
	for (unsigned i = 0; i < FLOWS; i++)
		went[i] = b->packets[i].backend;
}

/* The id of the backend that a frame is sent to: the last bytes of its MAC address. */
static uint32_t sent_to(struct balancer *b, const struct frame *f)
{
	static struct frame out;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->bytes, .data_size_in = f->len,
		    .data_out = out.bytes, .data_size_out = sizeof(out.bytes));

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.xring), &opts), 0);
	assert_int_equal(opts.retval, XDP_TX);
	return out.bytes[4] << 8 | out.bytes[5];
}

static void client_of(const struct clients *c, unsigned i, char ret[48])
{
	snprintf(ret, 48, "10.%u.%u.%u", c->net, i >> 8, i & 255);
}

/* How many errors about flows go elsewhere than the flows did. */
static unsigned errors_astray(struct balancer *b, const struct clients *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		char client[48];
		struct frame f;

		client_of(c, i, client);
		frame_of(&f, ETH, IP("10.99.0.1", "10.200.1.1"), ICMP, IP("10.200.1.1", client),
			 TCP(80, 1024 + i, ACK), DATA(20), END);
		count += sent_to(b, &f) != c->went[i];
	}
	return count;
}

static void give_option(struct frame *f, const char *client, unsigned port)
{
	frame_of(f, ETH, IP(client, "10.200.1.1", .options = 8), TCP(port, 80, ACK), END);
}

static void give_tag(struct frame *f, const char *client, unsigned port)
{
	frame_of(f, ETH, IP(client, "10.200.1.1"), TCP(port, 80, ACK), END);
}

/* The same of packets of a shape, which are put into a VLAN where `tag` is not 0. */
struct shape {
	void (*give)(struct frame *f, const char *client, unsigned port);
	uint32_t tag;
};

static unsigned packets_astray(struct balancer *b, const struct clients *c, const struct shape *shape)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		char client[48];
		struct frame f;

		client_of(c, i, client);
		shape->give(&f, client, 1024 + i);
		frame_number(&f, number_of(i, ACK));
		if (shape->tag)
			frame_tag(&f, shape->tag, 0);
		count += sent_to(b, &f) != c->went[i];
	}
	return count;
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

static void errors_follow_the_pins_and_make_none(void **state)
{
	struct balancer *b = balancer_steady(0, 0);
	struct clients before, within;
	uint32_t pins;

	(void)state;
	come(b, &before, 1);
	assert_int_equal(errors_astray(b, &before), 0);
	balancer_half(b);
	/* Flows that are silent since: the old answer, and no pin. */
	assert_int_equal(errors_astray(b, &before), 0);
	assert_int_equal(balancer_pins(b), 0);
	come(b, &within, 2);
	assert_int_equal(moved(b, &before), 0);
	pins = balancer_pins(b);
	assert_in_range(pins, FLOWS / 2, 2 * FLOWS);
	assert_int_equal(errors_astray(b, &before), 0);
	assert_int_equal(errors_astray(b, &within), 0);
	assert_int_equal(balancer_pins(b), pins);
	/* Errors keep no flow alive: their flows are over, and the change is. */
	for (int i = 0; i < 4; i++) {
		balancer_age(b, BALANCER_TCP_IDLE / 2);
		balancer_alive(b);
		errors_astray(b, &before);
	}
	assert_int_equal(b->cells.moving, 0);
	balancer_walk(b);
	assert_int_equal(balancer_pins(b), 0);
	balancer_free(b);
}

/* Frames with any tag are taken. */
static void vlans_take(struct balancer *b)
{
	struct xring_vlan key = { 1, XRING_VLAN_ANY };
	uint32_t ingress = 1;

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(b->skel->maps.xring_vlans), &key, &ingress, BPF_ANY), 0);
}

static void packets_of_a_shape_are_packets_of_their_flow(void **state)
{
	const struct shape *shape = *state;
	struct balancer *b = balancer_steady(0, 0);
	struct clients before, within;
	uint32_t pins;

	vlans_take(b);
	come(b, &before, 1);
	balancer_half(b);
	assert_int_equal(packets_astray(b, &before, shape), 0);
	pins = balancer_pins(b);		/* they make the pins */
	assert_in_range(pins, FLOWS / 4, FLOWS);
	assert_int_equal(moved(b, &before), 0);
	assert_int_equal(balancer_pins(b), pins);
	/* Of flows that were opened since, they have the numbers. */
	come(b, &within, 2);
	assert_int_equal(packets_astray(b, &within, shape), 0);
	/* They keep their flows. */
	for (int i = 0; i < 4; i++) {
		balancer_age(b, BALANCER_TCP_IDLE / 2);
		balancer_alive(b);
		assert_int_equal(packets_astray(b, &before, shape), 0);
	}
	assert_int_equal(moved(b, &before), 0);
	balancer_free(b);
}

/* While keys are counted, tagged packets are, too. */
static void tagged_packets_are_counted_by_key(void **state)
{
	struct balancer *b = balancer_steady(0, 0);
	struct heat_tally tally;
	struct frame f;

	(void)state;
	vlans_take(b);
	give_tag(&f, "10.1.0.7", 2000);
	frame_tag(&f, DOT1Q | 100, 0);
	balancer_window(b, 2);
	for (int i = 0; i < 1000; i++)
		sent_to(b, &f);
	balancer_window(b, 0);
	balancer_tally(b, &tally);
	assert_int_equal(tally.seen_count, 1);
	heat_tally_clear(&tally);
	balancer_free(b);
}

int main(void)
{
	static struct shape option = { give_option }, tagged = { give_tag, DOT1Q | 100 };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_follow_the_pins_and_make_none),
		{ "packets_with_options_are_packets_of_their_flow", packets_of_a_shape_are_packets_of_their_flow,
		  NULL, NULL, &option },
		{ "tagged_packets_are_packets_of_their_flow", packets_of_a_shape_are_packets_of_their_flow, NULL,
		  NULL, &tagged },
		cmocka_unit_test(tagged_packets_are_counted_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
