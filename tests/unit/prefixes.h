/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_PREFIXES_H
#define XRING_TEST_PREFIXES_H

/* Prefixes and addresses for the tests of prefix tables. Include after cmocka.h. */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/value/prefix.h"

static inline struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static inline struct address address(const char *text)
{
	return prefix(text).address;
}

/* ---- random prefixes, many of which begin alike ---- */

static inline uint8_t random_byte(void)
{
	static const uint8_t few[] = { 0, 1, 0x80, 0xff };

	return random() % 3 ? few[random() % 4] : (uint8_t)random();
}

static inline struct address random_address(void)
{
	struct address a = { .family = random() % 2 ? AF_INET : AF_INET6 };

	for (unsigned i = 0; i < prefix_bits_max(a.family) / 8; i++)
		a.bytes[i] = random_byte();
	/* Half of the IPv6 addresses begin alike, like those of one provider. */
	if (a.family == AF_INET6 && random() % 2)
		memset(a.bytes, 0x20, random() % 8);
	return a;
}

static inline struct prefix random_prefix(void)
{
	struct address a = random_address();

	return prefix_of(&a, (unsigned)random() % (prefix_bits_max(a.family) + 1));
}

/* The first address of a prefix, or the last. */
static inline struct address end_of(const struct prefix *p, bool last)
{
	struct address a = p->address;

	for (unsigned i = p->bits; last && i < prefix_bits_max(a.family); i++)
		a.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return a;
}

/* The address before or after an address; the addresses are a circle. */
static inline struct address beside(struct address a, bool after)
{
	for (unsigned i = prefix_bits_max(a.family) / 8; i-- > 0;) {
		a.bytes[i] = (uint8_t)(a.bytes[i] + (after ? 1 : -1));
		if (a.bytes[i] != (after ? 0 : 0xff))
			break;
	}
	return a;
}

#endif
