/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_RUNS_H
#define XRING_CORE_LPM_RUNS_H

#include <stddef.h>
#include <stdint.h>

struct address;
struct lpm_entry;

/*
 * A function over all addresses of a family, as the runs of addresses on which it is
 * constant. Nested prefixes, of which the longest answers, become one such list; two
 * lists are combined by one walk over both; and a list is said again by prefixes of
 * which none is in another:
 *
 *	10.0.0.0/8 -> 1      0.0.0.0 0     10.0.0.0/10 -> 1
 *	10.64.0.0/10 -> 2   10.0.0.0 1     10.64.0.0/10 -> 2
 *	                   10.64.0.0 2     10.128.0.0/9 -> 1
 *	                  10.128.0.0 1
 *	                    11.0.0.0 0
 */

/* An address as a number: its first bit is the highest, an IPv4 one has the high 32. */
typedef unsigned __int128 position;

position position_of(const struct address *a);

struct run {
	position first;			/* to where the next one begins, or the end */
	uint32_t value;
};

/* Sorted; the first begins at 0, neighbours differ. One at least, but in {}. */
struct runs {
	struct run *list;
	size_t count;
};

void runs_clear(struct runs *r);

/*
 * What the entries of that family say, 0 where none matches. entries: sorted as
 * prefix_compare() does. -ENOMEM, as of the others here.
 */
int runs_of_prefixes(const struct lpm_entry *entries, size_t count, int family,
		     struct runs *ret);
/* combine() is called once for each stretch on which both are constant, in order. */
int runs_combine(const struct runs *a, const struct runs *b,
		 uint32_t (*combine)(void *context, uint32_t a, uint32_t b), void *context,
		 struct runs *ret);
/*
 * The fewest prefixes, none in another, that say the same; sorted as prefix_compare()
 * does. What has the value 0 is left out.
 */
int runs_prefixes(const struct runs *r, int family, struct lpm_entry **ret, size_t *ret_count);
uint32_t runs_find(const struct runs *r, const struct address *a);

#endif
