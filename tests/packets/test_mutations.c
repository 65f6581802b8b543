// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of every shape, spoilt at random: each becomes what an independent model says (expect.h), in
 * every byte. MUTATIONS is how many, SEED where the random numbers begin. Where there are captures of real
 * networks (captures.h), their packets are among those that are spoilt.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"
#include "captures.h"
#include "expect.h"
#include "frame.h"

#define MUTATIONS 200000		/* unless the environment says otherwise */
#define BATCH 200			/* packets for which a datagram is remembered */
#define VLAN_ID 100
#define REAL_BYTES 1600		/* longer ones of real networks are left out */

static const char services[] =
	"  four: {vip: ['10.200.1.1:80/tcp', '10.200.1.1:53/udp'], mode: ipip,"
	" backends: {b1: 10.2.0.11, b2: 10.2.0.12, b3: 10.2.0.13}}\n"
	"  over6: {vip: ['10.200.1.2:80/tcp', '10.200.1.2:53/udp'], mode: ipip,"
	" backends: {b1: 'fd00:2::b', b2: 'fd00:2::c'}}\n"
	"  six: {vip: ['[fc00::1]:80/tcp', '[fc00::1]:53/udp'], mode: ipip,"
	" backends: {b1: 'fd00:2::b', b2: 'fd00:2::c', b3: 'fd00:2::d'}}\n"
	"  over4: {vip: ['[fc00::2]:80/tcp', '[fc00::2]:53/udp'], mode: ipip,"
	" backends: {b1: 10.2.0.11, b2: 10.2.0.12}}\n"
	"  direct: {vip: ['10.200.1.3:80/tcp', '10.200.1.3:53/udp'], mode: l2,"
	" backends: {b1: 10.2.0.11, b2: 10.2.0.12}}\n"
	"  direct6: {vip: ['[fc00::3]:80/tcp', '[fc00::3]:53/udp'], mode: l2,"
	" backends: {b1: 'fd00:2::b', b2: 'fd00:2::c'}}\n"
	"  nat: {vip: ['10.200.1.5:80/tcp', '10.200.1.5:53/udp'], mode: nat,"
	" backends: {b1: '10.2.0.21:8080', b2: '10.2.0.22:8080'}}\n"
	"  nat6: {vip: ['[fc00::5]:80/tcp', '[fc00::5]:53/udp'], mode: nat,"
	" backends: {b1: 'fd00:2::1b', b2: 'fd00:2::1c'}}\n"
	"  gue: {vip: ['10.200.1.6:80/tcp', '10.200.1.6:53/udp', '[fc00::6]:80/tcp', '[fc00::6]:53/udp'],"
	" mode: gue, gue: {variant: 0}, backends: {b1: 10.2.0.11, b2: 'fd00:2::b'}}\n"
	"  short: {vip: ['10.200.1.7:80/tcp', '10.200.1.7:53/udp', '[fc00::7]:80/tcp', '[fc00::7]:53/udp'],"
	" mode: gue, backends: {b1: 10.2.0.11, b2: 'fd00:2::b'}}\n"
	"  none: {vip: ['10.200.1.4:80/tcp', '10.200.1.4:53/udp'], mode: ipip, backends: {}}\n";

static const struct expect_service expected[] = {
	{ "four", "10.200.1.1" }, { "over6", "10.200.1.2" }, { "six", "fc00::1" }, { "over4", "fc00::2" },
	{ "direct", "10.200.1.3", .mode = EXPECT_L2 }, { "direct6", "fc00::3", .mode = EXPECT_L2 },
	{ "nat", "10.200.1.5", .mode = EXPECT_NAT }, { "nat6", "fc00::5", .mode = EXPECT_NAT },
	{ "gue", "10.200.1.6", .mode = EXPECT_GUE0 }, { "gue", "fc00::6", .mode = EXPECT_GUE0 },
	{ "short", "10.200.1.7", .mode = EXPECT_GUE1 }, { "short", "fc00::7", .mode = EXPECT_GUE1 },
	{ "none", "10.200.1.4", .nobody = true },
};

static uint64_t state;

static uint32_t draw(uint32_t below)	/* xorshift64 */
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) * below >> 32;
}

static bool chance(uint32_t percent)
{
	return draw(100) < percent;
}

/* ---- seeds ---- */

static const char *client_of(bool six)
{
	static const char *const four[] = { "10.1.0.2", "10.1.7.7", "192.0.2.200", "127.0.0.1", "10.200.1.1" };
	static const char *const clients6[] = { "fd00:1::2", "2001:db8::7", "fd00:1::99", "::1", "fc00::1" };

	return (six ? clients6 : four)[chance(90) ? draw(3) : draw(5)];
}

static const char *vip_of(bool six)
{
	static const char *const four[] = { "10.200.1.1", "10.200.1.2", "10.200.1.3", "10.200.1.4",
					    "10.200.1.5", "10.200.1.6", "10.200.1.7", "10.200.1.9" };
	static const char *const vips6[] = { "fc00::1", "fc00::2", "fc00::3", "fc00::5", "fc00::6",
					     "fc00::7", "fc00::9" };

	return six ? vips6[draw(ARRAY_SIZE(vips6))] : four[draw(ARRAY_SIZE(four))];
}

static struct layer transport(bool reversed)
{
	static const uint8_t flags[] = { SYN, ACK, SYN | ACK, FIN | ACK, RST };
	bool udp = chance(40);
	uint16_t own = 1024 + draw(2000), port = chance(95) ? (udp ? 53 : 80) : draw(65536);

	if (reversed)
		return udp ? UDP(port, own) : TCP(port, own, flags[draw(5)]);
	return udp ? UDP(own, port, .no_checksum = chance(10)) : TCP(own, port, flags[draw(5)]);
}

/* Sizes near what fits, and any others. */
static uint32_t data_bytes(void)
{
	return chance(70) ? draw(100) : 1380 + draw(120);
}

static void seed(struct frame *f)
{
	static const uint8_t extensions[] = { 0, 43, 44, 60, 51, 135 };
	bool six = chance(50), part = chance(25);
	struct layer layers[16] = { ETH, IP(client_of(six), vip_of(six), .ttl = chance(90) ? 64 : 1 + draw(2),
					    .tos = draw(256), .id = 1 + draw(4)) };
	int n = 2;

	if (six)
		for (int count = chance(30) ? draw(10) : 0; count > 0; count--)
			layers[n++] = EXT(extensions[draw(6)]);
	else if (chance(20))
		layers[1].options = 4 * draw(11);
	if (part && (!six || n == 2))
		layers[1].fragment = chance(50) ? (six ? 1 : IP_MF) : (six ? 64 : 8) | draw(2);
	if (chance(15) && n < 8) {
		layers[n++] = ICMP;
		layers[n++] = IP(layers[1].dst, layers[1].src);
		layers[n++] = transport(true);
	} else if (chance(8)) {
		layers[n++] = PING(draw(10), draw(10));
		layers[n++] = DATA(draw(200));
	} else {
		layers[n++] = transport(false);
		layers[n++] = DATA(data_bytes());
	}
	layers[n] = END;
	frame_build(f, layers);
	if (chance(10))
		f->bytes[5] ^= 1;
	if (chance(15))
		frame_tag(f, 0x81000000u | draw(8) << 13 | (chance(80) ? VLAN_ID : draw(102)),
			  chance(10) ? 0x81000000u | VLAN_ID : 0);
}

/* ---- seeds of real networks ---- */

struct real {
	size_t len;
	uint8_t bytes[REAL_BYTES];
};
static struct real *real;		/* packets by IP */
static size_t real_count;

static bool is_ip(const struct frame *f)
{
	if (!memcmp(f->bytes + 12, "\x08\0", 2))
		return f->len >= 34;
	return !memcmp(f->bytes + 12, "\x86\xdd", 2) && f->len >= 54;
}

static void keep(void *context, const struct captured *f)
{
	(void)context;
	if (!f->ethernet || f->frame.len > REAL_BYTES || !is_ip(&f->frame))
		return;
	if (real_count % 1024 == 0)
		real = realloc(real, (real_count + 1024) * sizeof(*real));
	assert_non_null(real);
	real[real_count].len = f->frame.len;
	memcpy(real[real_count++].bytes, f->frame.bytes, f->frame.len);
}

/* The packet as if a client had sent it to a VIP. */
static void real_seed(struct frame *f)
{
	const struct real *chosen = &real[draw(real_count)];
	uint8_t *ip = f->bytes + 14, *ports;
	bool six, udp;

	f->len = chosen->len;
	memcpy(f->bytes, chosen->bytes, chosen->len);
	six = f->bytes[12] == 0x86;
	memcpy(f->bytes, FRAME_MAC, 6);
	inet_pton(six ? AF_INET6 : AF_INET, client_of(six), ip + (six ? 8 : 12));
	inet_pton(six ? AF_INET6 : AF_INET, vip_of(six), ip + (six ? 24 : 16));
	ports = ip + (six ? 40 : (ip[0] & 15) * 4);
	udp = ip[six ? 6 : 9] == IPPROTO_UDP;
	if (chance(90) && ports + 4 <= f->bytes + f->len)
		memcpy(ports + 2, udp ? "\0\x35" : "\0\x50", 2);
}

/* ---- what spoils them ---- */

static void mutate(struct frame *f)
{
	uint32_t head = f->len < 130 ? f->len : 130, at = draw(head);

	switch (draw(6)) {
	case 0:
		f->bytes[at] ^= 1 << draw(8);
		return;
	case 1:
		f->bytes[at] = draw(256);
		return;
	case 2:					/* cut off */
		f->len = 14 + draw(f->len - 13);
		return;
	case 3:					/* longer than it says */
		memset(f->bytes + f->len, 0xee, 60);
		f->len += draw(60);
		return;
	case 4:					/* of the network header, where it matters most */
		f->bytes[12 + draw(12)] ^= 1 << draw(8);
		return;
	default:				/* two places change theirs */
		if (at + 2 <= head) {
			uint8_t byte = f->bytes[at];
			uint32_t other = draw(head);

			f->bytes[at] = f->bytes[other];
			f->bytes[other] = byte;
		}
	}
}

static void tell(const char *what, const struct frame *f)
{
	char text[3 * 160 + 1];
	size_t len = f->len < 160 ? f->len : 160;

	for (size_t i = 0; i < len; i++)
		snprintf(text + 3 * i, 4, "%02x ", f->bytes[i]);
	print_message("%s, %zu bytes: %s\n", what, f->len, text);
}

static void becomes_what_it_should(struct world *w, const struct frame *f, uint64_t number,
				   bool *ret_answered)
{
	static struct frame want, got;
	uint32_t verdict = expect(f, &want, ret_answered);
	uint32_t is = world_send(w, f, &got);

	if (is == verdict && (is == XDP_DROP || (got.len == want.len &&
						 !memcmp(got.bytes, want.bytes, got.len))))
		return;
	tell("packet", f);
	tell("became", &got);
	tell("want", &want);
	fail_msg("packet %lu: verdict %u, want %u", number, is, verdict);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void whatever_comes_becomes_what_it_should(void **unused)
{
	uint64_t count = number_from("MUTATIONS", MUTATIONS), seed_number = number_from("SEED", 1);
	struct world *w = world_new(services);
	static struct frame f;

	(void)unused;
	expect_world(w, expected, ARRAY_SIZE(expected));
	expect_vlan(VLAN_ID);
	world_vlan_add(w, XRING_TAG | VLAN_ID, 1);
	if (captures_directory())
		captures_each(captures_directory(), keep, NULL);
	print_message("%zu packets of real networks among the seeds\n", real_count);
	state = seed_number * 0x9e3779b97f4a7c15ULL | 1;
	for (uint64_t i = 0; i < count; i++) {
		bool answered;

		if (i % BATCH == 0) {
			expect_forget();
			world_config(w)->clock += 10000000000;
		}
		if (real_count && chance(30))
			real_seed(&f);
		else
			seed(&f);
		for (int n = chance(30) ? 0 : 1 + draw(3); n > 0; n--)
			mutate(&f);
		becomes_what_it_should(w, &f, i, &answered);
		if (answered)
			world_config(w)->clock += 5000000;	/* so that there is always an answer left */
	}
	world_free(w);
	free(real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_comes_becomes_what_it_should),
	};

	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
