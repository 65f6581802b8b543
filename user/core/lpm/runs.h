/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_LPM_RUNS_H
#define XRING_CORE_LPM_RUNS_H

#include <stddef.h>
#include <stdint.h>

struct address;
struct lpm_entry;

/*
 * A function over all addresses of a family, as a list of runs: stretches of addresses on
 * which the function is constant. Nested prefixes, of which the longest answers, become one
 * list of runs; two lists are combined by one walk over both; and a list becomes prefixes
 * again, of which none contains another:
 *
 *     10.0.0.0/8 -> 1      0.0.0.0 0     10.0.0.0/10 -> 1
 *     10.64.0.0/10 -> 2   10.0.0.0 1     10.64.0.0/10 -> 2
 *                        10.64.0.0 2     10.128.0.0/9 -> 1
 *                       10.128.0.0 1
 *                         11.0.0.0 0
 */

/*
 * An address as a number: the address's first bit is the number's highest; an IPv4 address
 * has the highest 32 bits.
 */
typedef unsigned __int128 position;

position position_of(const struct address *a);

struct run {
	/* the run ends before the next run's first, or with the last address */
	position first;
	uint32_t value;
};

/*
 * Sorted by first; the first run begins at 0; neighbours have different values. Only {} has
 * no run.
 */
struct runs {
	struct run *list;
	size_t count;
};

void runs_clear(struct runs *r);

/*
 * The runs of the entries of one family; the value is 0 where no prefix matches. entries:
 * sorted in the order of prefix_compare(). -ENOMEM, like all functions here that answer an
 * int.
 */
int runs_of_prefixes(const struct lpm_entry *entries, size_t count, int family,
		     struct runs *ret);
/*
 * Calls combine() once for each stretch on which both lists are constant, in order, and
 * lists the results.
 */
int runs_combine(const struct runs *a, const struct runs *b,
		 uint32_t (*combine)(void *context, uint32_t a, uint32_t b), void *context,
		 struct runs *ret);
/*
 * The fewest prefixes, of which none contains another, that say what the runs say, sorted
 * in the order of prefix_compare(). Runs of value 0 are left out. The caller frees *ret.
 */
int runs_prefixes(const struct runs *r, int family, struct lpm_entry **ret, size_t *ret_count);
uint32_t runs_find(const struct runs *r, const struct address *a);

#endif
