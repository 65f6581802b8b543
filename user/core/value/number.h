/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_NUMBER_H
#define XRING_CORE_VALUE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Numbers, weights, shares and durations, from text and to text. A parser takes the whole
 * text: it returns 0, or -EINVAL with *ret untouched. The WANT_ text says in a message what
 * was wanted instead. A printer fills a buffer of the named size and returns the buffer.
 */
#define WEIGHT_ONE 1000u		/* weights are in thousandths */
#define WEIGHT_MAX (1000u * WEIGHT_ONE)
#define VNODES_MAX 10000u

#define WANT_WEIGHT "0 to 1000 in steps of 0.001"
#define WANT_SHARE "0 to 1 in steps of 0.001"
#define WANT_VNODES "1 to 10000"
#define WANT_PORT "1 to 65535"

#define WEIGHT_TEXT 16
#define DURATION_TEXT 16

/* isdigit() of <ctype.h> follows the locale; a configuration must not. */
static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Parses digits without a leading zero (which some programs would read as octal), at most
 * max. Returns what follows the digits, or NULL.
 */
const char *digits_parse(const char *text, uint32_t max, uint32_t *ret);

int unsigned_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret);
int weight_parse(const char *text, uint32_t *ret);	/* thousandths */
int share_parse(const char *text, uint32_t *ret);	/* thousandths */
int vnodes_parse(const char *text, uint32_t *ret);

/* A number with at most 3 decimals; min, max and *ret are in thousandths. */
int thousandths_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret);

/*
 * A number with at most 3 decimals and a unit (ms, s, m, h or d), or a plain 0. The
 * duration must be a whole count of milliseconds from min_ms to max_ms.
 */
int duration_parse(const char *text, uint32_t min_ms, uint32_t max_ms, uint32_t *ret_ms);

const char *thousandths_print(uint32_t value, char buf[WEIGHT_TEXT]);	/* like 1, 2.5, 0.001 */
const char *weight_print(uint32_t weight, char buf[WEIGHT_TEXT]);
const char *share_print(uint32_t share, char buf[WEIGHT_TEXT]);
/* The shortest of the exact texts, like 1.5s, 90s, 15m; 0 is printed as 0s. */
const char *duration_print(uint32_t ms, char buf[DURATION_TEXT]);

/* How many virtual nodes a weight has: `vnodes` for each `unit` (thousandths) of it. */
struct density {
	uint32_t vnodes;
	uint32_t unit;
};

/*
 * The virtual nodes of a weight: round(weight / unit * vnodes), half up, at least 1 for a weight
 * above 0.
 */
uint32_t density_points(struct density d, uint32_t weight);
uint32_t density_weight(struct density d, uint32_t points);	/* the way back, rounded down */
uint32_t weight_points(uint32_t weight, uint32_t vnodes);	/* at a unit of 1 */

#endif
