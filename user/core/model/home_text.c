// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/home_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/model/placement.h"
#include "core/value/number.h"


#define SECOND_MS 1000u
#define DAY_MS (24 * 60 * 60 * SECOND_MS)

_Static_assert(DURATION_TEXT <= HOME_TEXT && WEIGHT_TEXT <= HOME_TEXT,
	       "there is room for the text of each kind");

enum kind {
	COUNT,
	DECIMAL,
	DURATION,
};

static const struct {
	const char *word;
	const char *want;
	size_t offset;			/* of the key's uint32_t in struct home */
	enum kind kind;
	uint32_t min, max, normal;
} keys[HOME_KEYS] = {
	[HOME_KEY_PREFIX4] = { "prefix4", "8 to 32", offsetof(struct home, prefix4), COUNT,
			       8, 32, 24 },
	[HOME_KEY_PREFIX6] = { "prefix6", "16 to 64", offsetof(struct home, prefix6), COUNT,
			       16, 64, 56 },
	/* More than half: with half of the traffic each, a prefix could have two homes. */
	[HOME_KEY_THRESHOLD] = { "threshold", "0.51 to 1 in steps of 0.001",
				 offsetof(struct home, threshold), DECIMAL, 510, 1000, 600 },
	[HOME_KEY_FOR] = { "for", "1s to 24h, as 60s or 15m", offsetof(struct home, for_ms),
			   DURATION, SECOND_MS, DAY_MS, 60 * SECOND_MS },
	[HOME_KEY_MOVES] = { "moves", "1 to 100000", offsetof(struct home, moves), COUNT,
			     1, 100000, 60 },
	[HOME_KEY_COUNT] = { "count", "1 to 65536", offsetof(struct home, count), COUNT,
			     1, HOMES_MAX, 10000 },
};

_Static_assert(HOMES_MAX == 65536, "what is wanted of count says it");

const char *home_key_word(enum home_key key)
{
	return keys[key].word;
}

const char *home_key_want(enum home_key key)
{
	return keys[key].want;
}

int home_key_parse(const char *word, enum home_key *ret)
{
	for (int i = 0; i < HOME_KEYS; i++)
		if (!strcmp(word, keys[i].word)) {
			*ret = (enum home_key)i;
			return 0;
		}
	return -EINVAL;
}

static uint32_t value_of(const struct home *home, enum home_key key)
{
	uint32_t value;

	memcpy(&value, (const char *)home + keys[key].offset, sizeof(value));
	return value;
}

static void set_value(struct home *home, enum home_key key, uint32_t value)
{
	memcpy((char *)home + keys[key].offset, &value, sizeof(value));
}

struct home home_default(void)
{
	struct home home = { .follow = true };

	for (int i = 0; i < HOME_KEYS; i++)
		set_value(&home, (enum home_key)i, keys[i].normal);
	return home;
}

static int parse_value(enum home_key key, const char *text, uint32_t *ret)
{
	switch (keys[key].kind) {
	case COUNT:
		return unsigned_parse(text, keys[key].min, keys[key].max, ret);
	case DECIMAL:
		return thousandths_parse(text, keys[key].min, keys[key].max, ret);
	case DURATION:
		return duration_parse(text, keys[key].min, keys[key].max, ret);
	}
	return -EINVAL;
}

int home_set(struct home *home, enum home_key key, const char *text)
{
	uint32_t value;
	int err = parse_value(key, text, &value);

	if (!err)
		set_value(home, key, value);
	return err;
}

const char *home_print(const struct home *home, enum home_key key, char buf[HOME_TEXT])
{
	uint32_t value = value_of(home, key);

	switch (keys[key].kind) {
	case COUNT:
		break;
	case DECIMAL:
		return thousandths_print(value, buf);
	case DURATION:
		return duration_print(value, buf);
	}
	snprintf(buf, HOME_TEXT, "%u", value);
	return buf;
}

bool home_key_equal(const struct home *a, const struct home *b, enum home_key key)
{
	return value_of(a, key) == value_of(b, key);
}

bool home_equal(const struct home *a, const struct home *b)
{
	for (int i = 0; i < HOME_KEYS; i++)
		if (!home_key_equal(a, b, (enum home_key)i))
			return false;
	return a->follow == b->follow;
}
