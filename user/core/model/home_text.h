/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_HOME_TEXT_H
#define XRING_CORE_MODEL_HOME_TEXT_H

#include <stdbool.h>

#include "core/model/placement.h"


/*
 * The keys of a rule's `home`, which says how prefixes of clients get a home region.
 * Parsers return 0, or -EINVAL with their output untouched.
 */
#define HOME_TEXT 16
#define WANT_HOME "follow, or a mapping of how"

enum home_key {
	HOME_KEY_PREFIX4,
	HOME_KEY_PREFIX6,
	HOME_KEY_THRESHOLD,
	HOME_KEY_FOR,
	HOME_KEY_MOVES,
	HOME_KEY_COUNT,
	HOME_KEYS,
};

const char *home_key_word(enum home_key key);
const char *home_key_want(enum home_key key);
int home_key_parse(const char *word, enum home_key *ret);

/* A home with follow set, and the defaults of all keys. */
struct home home_default(void);
int home_set(struct home *home, enum home_key key, const char *value);
const char *home_print(const struct home *home, enum home_key key, char buf[HOME_TEXT]);
bool home_key_equal(const struct home *a, const struct home *b, enum home_key key);
bool home_equal(const struct home *a, const struct home *b);

#endif
