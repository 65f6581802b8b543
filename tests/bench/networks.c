// SPDX-License-Identifier: GPL-2.0-or-later
#include "networks.h"

#include <endian.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "stats.h"

uint64_t random64(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Lengths as often as they are in tables of the Internet, in thousandths. */
struct length {
	unsigned bits;
	unsigned often;
};

static const struct length lengths4[] = {
	{ 24, 600 }, { 23, 100 }, { 22, 110 }, { 21, 50 }, { 20, 45 }, { 19, 25 }, { 18, 14 },
	{ 17, 8 }, { 16, 28 }, { 25, 4 }, { 26, 4 }, { 28, 4 }, { 32, 8 },
};

static const struct length lengths6[] = {
	{ 48, 450 }, { 32, 200 }, { 44, 90 }, { 40, 80 }, { 36, 40 }, { 46, 20 }, { 47, 20 },
	{ 42, 15 }, { 34, 10 }, { 38, 10 }, { 56, 25 }, { 64, 40 },
};

static unsigned random_length(const struct length *lengths)
{
	unsigned x = (unsigned)(random64() >> 20) % 1000;

	while (x >= lengths->often)
		x -= lengths++->often;
	return lengths->bits;
}

static struct address random4(void)
{
	struct address a = { .family = AF_INET };
	uint64_t x = random64() >> 16;

	memcpy(a.bytes, &x, 4);
	a.bytes[0] = 1 + a.bytes[0] % 223;
	return a;
}

/*
 * In the registries' blocks, of which each gave a provider after the other a network
 * of 29 bits; subnets of a provider from the first on, or anywhere.
 */
static struct address random6(void)
{
	static const uint32_t blocks[] = { 0x20010, 0x24000, 0x26000, 0x28000, 0x2a000, 0x2c0f0 };
	uint64_t x = random64() >> 8, provider = (x >> 8) % 4096;
	uint64_t subnet = x >> 32 & (x & 1 ? 0x0fff : 0x7ffff);
	struct address a = { .family = AF_INET6 };

	x = (uint64_t)blocks[x % ARRAY_SIZE(blocks)] << 44 | provider << 35;
	x = htobe64(x | subnet << 16 | (random64() >> 48));
	memcpy(a.bytes, &x, sizeof(x));
	return a;
}

struct lpm_entry *networks(int family, size_t count)
{
	const struct length *lengths = family == AF_INET ? lengths4 : lengths6;
	struct lpm_entry *e = calloc(3 * count, sizeof(*e));
	size_t kept = 0;

	for (size_t i = 0; i < 3 * count; i++) {
		struct address a = family == AF_INET ? random4() : random6();

		e[i].prefix = prefix_of(&a, random_length(lengths));
		e[i].value = 1 + (uint32_t)(random64() >> 34) % 1000;
	}
	qsort(e, 3 * count, sizeof(*e), prefix_order);
	/* Some of those that are one of a kind. */
	for (size_t i = 1; i < 3 * count && kept < count; i++)
		if (prefix_order(&e[i - 1], &e[i]) &&
		    (3 * count - i <= count - kept || random64() >> 63))
			e[kept++] = e[i];
	if (kept < count)
		fail("%zu prefixes, want %zu", kept, count);
	return e;
}
