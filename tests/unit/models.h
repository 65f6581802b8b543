/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_MODELS_H
#define XRING_TEST_MODELS_H

/* Models of some services, small enough for a ring to be written some thousand times. */

#define MODEL_HASH_KEY "hash_key: 00112233445566778899aabbccddeeff\n"

/* Each mode, both families, several VIPs: a network, and ranges of ports, too. */
#define MODEL_PLAIN MODEL_HASH_KEY \
	"services:\n" \
	"  mail:\n" \
	"    vip: 10.200.1.3:25-27/tcp\n" \
	"    mode: l2\n" \
	"    vnodes: 10\n" \
	"    backends: {m1: 10.0.3.1, m2: 10.0.3.2}\n" \
	"  users:\n" \
	"    vip: [10.200.1.1:80/tcp, \"[2001:db8:ffff::/64]:80/tcp\"]\n" \
	"    mode: ipip\n" \
	"    key: client\n" \
	"    vnodes: 12\n" \
	"    backends: {a: 10.0.0.1, b: 10.0.0.2, c: 10.0.0.3, d: 10.0.0.4}\n" \
	"  web:\n" \
	"    vip: [10.200.1.2:80/tcp, 10.200.1.2:443-446/tcp]\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {w1: 10.0.2.1, w2: 10.0.2.2, w3: 10.0.2.3}\n"

#define MODEL_WEIGHTS MODEL_HASH_KEY \
	"services:\n" \
	"  dns:\n" \
	"    vip: 10.200.1.4:53/udp\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {d1: {address: 10.0.4.1, weight: 0}, d2: 10.0.4.2}\n" \
	"  users:\n" \
	"    vip: [10.200.1.1:80/tcp, \"[2001:db8:ffff::1]:80/tcp\"]\n" \
	"    mode: ipip\n" \
	"    key: client\n" \
	"    vnodes: 12\n" \
	"    backends:\n" \
	"      a: {address: 10.0.0.1, weight: 3}\n" \
	"      b: {address: 10.0.0.2, weight: 0.5}\n" \
	"      c: {address: 10.0.0.3, state: draining}\n" \
	"      d: {address: 10.0.0.4, state: maintenance}\n"

/* With health checks. */
#define MODEL_CHECKED MODEL_HASH_KEY \
	"services:\n" \
	"  users:\n" \
	"    vip: [10.200.1.1:80/tcp, \"[2001:db8:ffff::1]:80/tcp\"]\n" \
	"    mode: ipip\n" \
	"    check: {type: tcp}\n" \
	"    vnodes: 12\n" \
	"    backends: {a: 10.0.0.1, b: 10.0.0.2, c: 10.0.0.3}\n"

/*
 * From MODEL_PLAIN to this: rules, regions, preferences; other weights; `d` is gone, `b` has
 * another address; one service more, one less.
 */
#define MODEL_RULES MODEL_HASH_KEY \
	"regions:\n" \
	"  east: {prefixes: [192.0.2.0/24, \"2001:db8::/32\"]}\n" \
	"  west: {prefixes: [198.51.100.0/24, 203.0.113.0/26]}\n" \
	"services:\n" \
	"  dns:\n" \
	"    vip: 10.200.1.4:53/udp\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {d1: 10.0.4.1, d2: {address: 10.0.4.2, port: 5353}}\n" \
	"  users:\n" \
	"    vip: [10.200.1.1:80/tcp, \"[2001:db8:ffff::/64]:80/tcp\"]\n" \
	"    mode: ipip\n" \
	"    key: client\n" \
	"    vnodes: 12\n" \
	"    placement:\n" \
	"      - {clients: region=east, constraints: [+region=east]}\n" \
	"      - {clients: [198.51.100.128/25, 203.0.113.0/24], preferences: [west, east]}\n" \
	"    backends:\n" \
	"      a: {address: 10.0.0.1, region: east, weight: 2}\n" \
	"      b: {address: 10.0.0.22, region: east}\n" \
	"      c: {address: 10.0.0.3, region: west, weight: 0.5}\n" \
	"  web:\n" \
	"    vip: [10.200.1.2:80/tcp, 10.200.1.2:443-446/tcp]\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    placement: [{strategy: geo}]\n" \
	"    backends:\n" \
	"      w1: {address: 10.0.2.1, region: east}\n" \
	"      w2: {address: 10.0.2.2, region: west}\n" \
	"      w3: 10.0.2.3\n"

/* Three services of mode nat; to the second model, each has got a backend of the one after it. */
#define MODEL_NAT_OF(A, B, C) MODEL_HASH_KEY \
	"services:\n" \
	"  one:\n" \
	"    vip: 10.200.2.1:80/tcp\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {" A ", stays: 10.0.5.11}\n" \
	"  three:\n" \
	"    vip: 10.200.2.3:80/tcp\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {" C ", stays: 10.0.5.13}\n" \
	"  two:\n" \
	"    vip: 10.200.2.2:80/tcp\n" \
	"    mode: nat\n" \
	"    vnodes: 10\n" \
	"    backends: {" B ", stays: 10.0.5.12}\n"
#define MODEL_NAT MODEL_NAT_OF("a: 10.0.5.1", "b: 10.0.5.2", "c: 10.0.5.3")
#define MODEL_NAT_TURNED MODEL_NAT_OF("b: 10.0.5.2", "c: 10.0.5.3", "a: 10.0.5.1")

#endif
