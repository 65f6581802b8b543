/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_PREFIX_H
#define XRING_CORE_VALUE_PREFIX_H

#include <stddef.h>

#include "base/why.h"
#include "core/value/address.h"

/*
 * A network: the addresses that begin with the first `bits` bits of `address`,
 * whose other bits are 0.
 */
struct prefix {
	struct address address;
	uint8_t bits;			/* to 32 or 128 */
};

#define PREFIX_TEXT 52
#define WANT_PREFIX "an IPv4 or IPv6 network, as 192.0.2.0/24 or 2001:db8::/32"

/* The greatest number of bits in a family. */
unsigned prefix_bits_max(int family);

/* IPv4 before IPv6, by address, the shorter first where addresses are one; as qsort(). */
int prefix_compare(const struct prefix *a, const struct prefix *b);
/* The same for qsort(), of prefixes and of whatever begins with one. */
int prefix_order(const void *a, const void *b);
bool prefix_covers(const struct prefix *p, const struct address *a);
/* The network of that many bits that `a` is in; bits: at most the family's. */
struct prefix prefix_of(const struct address *a, unsigned bits);

/*
 * ADDRESS/BITS, or ADDRESS alone for one address. On -EINVAL *ret is untouched
 * and `want` (if not NULL, of size WANT_PREFIX_TEXT) says what was wanted instead:
 * where bits beyond the mask are set, the network that was meant.
 */
#define WANT_PREFIX_TEXT 128
int prefix_parse(const char *text, struct prefix *ret, char want[WANT_PREFIX_TEXT]);
const char *prefix_print(const struct prefix *p, char buf[PREFIX_TEXT]);

/*
 * A list of networks, as in a file: one a line, blanks around it ignored, # begins
 * a comment, lines may be empty or end in CRLF. Sorted as prefix_compare() does.
 */
struct prefix_list {
	struct prefix *prefixes;
	size_t count;
};

struct prefix_error {
	size_t line;			/* from 1 */
	size_t column;			/* from 1, in bytes */
	struct why why;
};

/*
 * text: len bytes, which need not end in a NUL. 0, or with *ret untouched -ENOMEM,
 * or -EINVAL and the first line that is wrong; a network that stands in an earlier
 * line already is wrong, and the message names that line.
 */
int prefix_list_parse(const char *text, size_t len, struct prefix_list *ret,
		      struct prefix_error *err);
void prefix_list_clear(struct prefix_list *list);

#endif
