/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_CHECK_TEXT_H
#define XRING_CORE_MODEL_CHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model/check.h"

struct why;

/*
 * Checks of health as people write them: keys with values, in any order. They
 * are gathered in a draft, each value looked at by itself; check_finish() looks
 * at them together and fills in what was not given.
 */
enum check_key {
	CHECK_KEY_TYPE,
	CHECK_KEY_PORT,
	CHECK_KEY_PATH,
	CHECK_KEY_HOST,
	CHECK_KEY_EXPECT,
	CHECK_KEY_INTERVAL,
	CHECK_KEY_TIMEOUT,
	CHECK_KEY_RISE,
	CHECK_KEY_FALL,
	CHECK_KEY_JITTER,
	CHECK_KEYS,
};

#define CHECK_VALUE_TEXT 256

struct check_draft {
	struct check check;
	unsigned given;			/* a bit for each enum check_key */
};

const char *check_kind_word(enum check_kind kind);
const char *check_word(size_t i);	/* the i-th kind that checks; NULL: there are not so many */
const char *check_type_want(void);	/* "tcp, http, https or icmp" */
/* Does it ask at a port: its own, or the backend's? */
bool check_has_port(const struct check *c);

const char *check_key_word(enum check_key key);
const char *check_key_want(enum check_key key);
int check_key_parse(const char *word, enum check_key *ret);

/* -EINVAL: `check KEY VALUE: want ...`, with check_key_want(). */
int check_set(struct check_draft *d, enum check_key key, const char *value);

/* -EINVAL with a message, and the key that is the most to blame. */
int check_finish(const struct check_draft *d, struct check *ret, enum check_key *ret_key,
		 struct why *why);

/* TYPE[,KEY=VALUE]..., or none; -EINVAL with a message. */
int check_parse(const char *text, struct check *ret, struct why *why);

/* What a check of that type has by this key; empty: nothing. */
const char *check_print(const struct check *c, enum check_key key, char buf[CHECK_VALUE_TEXT]);

/* Is it what check_finish() fills in where this key is not given? */
bool check_is_default(const struct check *c, enum check_key key);

#endif
