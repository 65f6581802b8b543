// SPDX-License-Identifier: GPL-2.0-or-later
/* Where packets for a service may not come from: what the host's stack would refuse. */
#include "fixture.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "frame.h"

#define VIP4 "10.200.1.1"
#define VIP6 "fc00::1"

static const char services[] =
	"  web:\n"
	"    vip: [10.200.1.1:80/tcp, 10.200.1.1:53/udp, \"[fc00::1]:53/udp\", \"[fc00::1]:80/tcp\"]\n"
	"    mode: ipip\n"
	"    backends: {b1: 10.2.0.11}\n";

static void ends(struct world *w, const struct frame *f, uint32_t verdict, enum xring_counter counter)
{
	struct outcome o = world_run(w, f);

	assert_int_equal(o.counter, counter);
	assert_int_equal(o.verdict, verdict);
}

static void addresses_of_no_host_are_dropped(void **state)
{
	static const char *const none[] = {
		"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.0.1", "239.1.1.1",
		"240.0.0.1", "255.255.255.255", "::", "::1", "ff02::1", "ffff::1",
	};
	static const char *const some[] = {
		"1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255", "10.127.0.1",
		"::2", "1::", "fe80::1", "fd00::ff", "::ffff:10.1.0.2",
	};
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		const char *vip = strchr(none[i], ':') ? VIP6 : VIP4;

		frame_of(&f, ETH, IP(none[i], vip), TCP(5555, 80, SYN), END);
		ends(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
		frame_of(&f, ETH, IP(none[i], vip), UDP(5555, 53), DATA(8), END);
		ends(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
		frame_of(&f, ETH, IP(none[i], vip), TCP(5555, 81, SYN), END);
		ends(w, &f, XDP_PASS, XRING_CNT_PASS_NO_SERVICE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		frame_of(&f, ETH, IP(some[i], strchr(some[i], ':') ? VIP6 : VIP4),
			 TCP(5555, 80, SYN), END);
		ends(w, &f, XDP_TX, XRING_CNT_TX);
	}
	world_free(w);
}

/* Two backends would answer each other: a VIP as the source comes back to it. */
static void vips_send_nothing(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP(VIP4, VIP4), UDP(53, 53), DATA(8), END);
	ends(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
	frame_of(&f, ETH, IP(VIP6, VIP6), UDP(53, 53), DATA(8), END);
	ends(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
	frame_of(&f, ETH, IP(VIP4, VIP4), TCP(80, 80, SYN), END);
	ends(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
	/* Not a service's: another protocol, port or address; and some share a bit of the map. */
	frame_of(&f, ETH, IP(VIP4, VIP4), TCP(53, 80, SYN), END);
	ends(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP(VIP4, VIP4), UDP(80, 53), DATA(8), END);
	ends(w, &f, XDP_TX, XRING_CNT_TX);
	frame_of(&f, ETH, IP("10.200.1.2", VIP4), UDP(53, 53), DATA(8), END);
	ends(w, &f, XDP_TX, XRING_CNT_TX);
	for (int port = 1; port < 65536; port += 7) {
		frame_of(&f, ETH, IP(VIP4, VIP4), UDP(port, 53), DATA(8), END);
		if (port != 53)
			ends(w, &f, XDP_TX, XRING_CNT_TX);
	}
	world_free(w);
}

/* Every port of the VIP is a service's. */
static void nor_do_vips_of_any_port(void **state)
{
	struct world *w = world_new("  any: {vip: 10.200.9.9:0/udp, mode: ipip, "
				    "backends: {b1: 10.2.0.11}}\n");
	struct frame f;

	(void)state;
	for (int port = 1; port < 65536; port += 97) {
		frame_of(&f, ETH, IP("10.200.9.9", "10.200.9.9"), UDP(port, 7), DATA(8), END);
		ends(w, &f, XDP_DROP, XRING_CNT_DROP_MARTIAN);
		frame_of(&f, ETH, IP("10.200.9.8", "10.200.9.9"), UDP(port, 7), DATA(8), END);
		ends(w, &f, XDP_TX, XRING_CNT_TX);
	}
	world_free(w);
}

/* Two balancers that name each other would send it to and fro: mode l2 takes nothing off the TTL. */
static void what_comes_from_the_backend_does_not_go_back_to_it(void **state)
{
	struct world *w = world_new("  web: {vip: [10.200.1.1:80/tcp, \"[fc00::1]:80/tcp\"], "
				    "mode: l2, backends: {b1: 10.2.0.11}}\n");
	struct frame f;

	(void)state;
	for (int six = 0; six < 2; six++) {
		frame_of(&f, ETH, IP(six ? "fd00:1::2" : "10.1.0.2", six ? VIP6 : VIP4),
			 TCP(5555, 80, ACK), END);
		ends(w, &f, XDP_TX, XRING_CNT_TX);
		memcpy(f.bytes + 6, HOP_MAC, 6);
		ends(w, &f, XDP_DROP, XRING_CNT_DROP_LOOP);
		for (int byte = 6; byte < 12; byte++) {
			f.bytes[byte] ^= 1;
			ends(w, &f, XDP_TX, XRING_CNT_TX);
			f.bytes[byte] ^= 1;
		}
	}
	world_free(w);
}

/* Through a router, a tunnel leaves by the hop at which its packet came in: that is no loop. */
static void other_modes_may_send_back_to_their_router(void **state)
{
	struct world *w = world_new(services);
	struct frame f;

	(void)state;
	frame_of(&f, ETH, IP("10.1.0.2", VIP4), TCP(5555, 80, ACK), END);
	memcpy(f.bytes + 6, HOP_MAC, 6);
	ends(w, &f, XDP_TX, XRING_CNT_TX);
	world_free(w);
}

/*
 * A nat backend that is a client: sent to itself it would hear itself, sent to another one on its own
 * link it may hear that one directly. Only what opens a connection is looked at, be it with a VLAN tag or IP options.
 */
static void nat_backends_that_are_clients_are_told(void **state)
{
	static const char *const yamls[] = {
		"  web: {vip: [10.200.1.1:80/tcp, 10.200.1.1:53/udp], mode: nat, "
		"backends: {b1: 10.2.0.11:8080}}\n"
		"  two: {vip: [10.200.1.2:80/tcp, 10.200.1.2:53/udp], mode: nat, "
		"backends: {b2: 10.2.0.12:8080, b3: 10.2.0.13:81}}\n",
		"  web: {vip: [\"[fc00::1]:80/tcp\", \"[fc00::1]:53/udp\"], mode: nat, "
		"backends: {b1: \"[fd00:2::b]:8080\"}}\n"
		"  two: {vip: [\"[fc00::2]:80/tcp\", \"[fc00::2]:53/udp\"], mode: nat, "
		"backends: {b2: \"[fd00:2::c]:8080\", b3: \"[fd00:2::d]:81\"}}\n",
	};
	static const char *const hosts[2][4] = {
		{ "10.2.0.11", "10.2.0.12", "10.2.0.13", "10.1.0.2" },
		{ "fd00:2::b", "fd00:2::c", "fd00:2::d", "fd00:1::2" },
	};
	static const enum xring_counter counters[] = {
		XRING_CNT_DROP_LOOP, XRING_CNT_TX_HAIRPIN, XRING_CNT_TX, XRING_CNT_TX,
	};

	(void)state;
	for (int six = 0; six < 2; six++) {
		struct world *w = world_new(yamls[six]);
		struct frame f;

		world_vlan_add(w, XRING_TAG | 100, 1);
		for (int from = 0; from < 4; from++) {
			uint32_t verdict = counters[from] == XRING_CNT_DROP_LOOP ? XDP_DROP : XDP_TX;

			frame_of(&f, ETH, IP(hosts[six][from], six ? VIP6 : VIP4), TCP(5555, 80, SYN), END);
			ends(w, &f, verdict, counters[from]);
			frame_tag(&f, 0x81000064, 0);
			ends(w, &f, verdict, counters[from]);
			frame_of(&f, ETH, IP(hosts[0][from], VIP4, .options = 8), TCP(5555, 80, SYN), END);
			if (!six)
				ends(w, &f, verdict, counters[from]);
			frame_of(&f, ETH, IP(hosts[six][from], six ? VIP6 : VIP4), UDP(5555, 53), DATA(8),
				 END);
			ends(w, &f, XDP_TX, XRING_CNT_TX);
			frame_of(&f, ETH, IP(hosts[six][from], six ? VIP6 : VIP4), TCP(5555, 80, ACK), END);
			ends(w, &f, XDP_TX, XRING_CNT_TX);
		}
		/* By another interface, answers come back this way. */
		world_way(w, (struct world_way){ out_ifindex(), HOP_MTU });
		for (int from = 0; from < 2; from++) {
			frame_of(&f, ETH, IP(hosts[six][from], six ? VIP6 : VIP4), TCP(5555, 80, SYN), END);
			ends(w, &f, XDP_REDIRECT, XRING_CNT_TX_REDIRECT);
		}
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_no_host_are_dropped),
		cmocka_unit_test(vips_send_nothing),
		cmocka_unit_test(nor_do_vips_of_any_port),
		cmocka_unit_test(what_comes_from_the_backend_does_not_go_back_to_it),
		cmocka_unit_test(other_modes_may_send_back_to_their_router),
		cmocka_unit_test(nat_backends_that_are_clients_are_told),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
