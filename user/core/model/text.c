// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/text.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/value/number.h"
#include "core/value/word.h"

static const char *const states[] = {
	[BACKEND_ACTIVE] = "active",
	[BACKEND_DRAINING] = "draining",
	[BACKEND_MAINTENANCE] = "maintenance",
};

static const char *const all_downs[] = {
	[ALL_DOWN_DROP] = "drop",
	[ALL_DOWN_PASS] = "pass",
	[ALL_DOWN_KEEP] = "keep",
};

int state_parse(const char *text, enum backend_state *ret)
{
	int i = word_parse(text, states, sizeof(*states), ARRAY_SIZE(states));

	if (i < 0)
		return i;
	*ret = (enum backend_state)i;
	return 0;
}

int all_down_parse(const char *text, enum all_down *ret)
{
	int i = word_parse(text, all_downs, sizeof(*all_downs), ARRAY_SIZE(all_downs));

	if (i < 0)
		return i;
	*ret = (enum all_down)i;
	return 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int hash_key_parse(const char *text, uint8_t ret[HASH_KEY_BYTES])
{
	uint8_t key[HASH_KEY_BYTES];

	if (strlen(text) != 2 * sizeof(key))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(key); i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		key[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, key, sizeof(key));
	return 0;
}

const char *state_print(enum backend_state state)
{
	return states[state];
}

const char *all_down_print(enum all_down all_down)
{
	return all_downs[all_down];
}
