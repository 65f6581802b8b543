/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_PREFIX_H
#define XRING_CORE_VALUE_PREFIX_H

#include <stddef.h>

#include "base/why.h"
#include "core/value/address.h"

/*
 * A prefix, or network: all addresses that begin with the first `bits` bits of `address`.
 * The other bits of `address` are 0.
 */
struct prefix {
	struct address address;
	uint8_t bits;			/* 0 to 32 (IPv4) or 128 (IPv6) */
};

#define PREFIX_TEXT 52
#define WANT_PREFIX "an IPv4 or IPv6 network, as 192.0.2.0/24 or 2001:db8::/32"

/* The number of bits of an address of a family: 32 or 128. */
unsigned prefix_bits_max(int family);

/*
 * The order of prefixes: IPv4 before IPv6, then by address, then the shorter prefix first.
 * Returns below 0, 0 or above 0.
 */
int prefix_compare(const struct prefix *a, const struct prefix *b);
/* prefix_compare() for qsort(): elements are prefixes, or structures that begin with a prefix. */
int prefix_order(const void *a, const void *b);
bool prefix_covers(const struct prefix *p, const struct address *a);
/* The network of the first `bits` bits that contains `a`; bits: at most the family's. */
struct prefix prefix_of(const struct address *a, unsigned bits);

/*
 * Parses ADDRESS/BITS, or ADDRESS alone for one address. On -EINVAL *ret is untouched and
 * `want` (if not NULL, of size WANT_PREFIX_TEXT) says what was wanted instead; if bits
 * after the first BITS are set, `want` names the network that contains the address.
 */
#define WANT_PREFIX_TEXT 128
int prefix_parse(const char *text, struct prefix *ret, char want[WANT_PREFIX_TEXT]);
const char *prefix_print(const struct prefix *p, char buf[PREFIX_TEXT]);

/*
 * A list of networks, as in a file: one network on each line. Blanks around a network are
 * ignored, # begins a comment, lines may be empty or end in CRLF. The parsed list is sorted
 * in the order of prefix_compare().
 */
struct prefix_list {
	struct prefix *prefixes;
	size_t count;
};

struct prefix_error {
	size_t line;			/* counted from 1 */
	size_t column;			/* counted from 1, in bytes */
	struct why why;
};

/*
 * Parses len bytes of text, which need not end in a NUL. Returns 0; or, with *ret
 * untouched, -ENOMEM, or -EINVAL with *err describing the first wrong line. A network that
 * an earlier line has already is wrong too, and the message names the earlier line.
 */
int prefix_list_parse(const char *text, size_t len, struct prefix_list *ret,
		      struct prefix_error *err);
void prefix_list_clear(struct prefix_list *list);

#endif
