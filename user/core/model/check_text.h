/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_CHECK_TEXT_H
#define XRING_CORE_MODEL_CHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/model/check.h"

struct why;

/*
 * Health checks as people write them: keys with values, in any order. The keys are gathered
 * in a draft, where check_set() validates each value by itself. When all keys are known,
 * check_finish() validates them together and fills in the defaults of those not given.
 */
enum check_key {
	CHECK_KEY_TYPE,
	CHECK_KEY_PORT,
	CHECK_KEY_VIA,
	CHECK_KEY_PATH,
	CHECK_KEY_HOST,
	CHECK_KEY_EXPECT,
	CHECK_KEY_VERIFY,
	CHECK_KEY_CA,
	CHECK_KEY_SNI,
	CHECK_KEY_PROGRAM,
	CHECK_KEY_ARGS,
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
	unsigned given;			/* which keys were given: a bit for each enum check_key */
};

const char *check_kind_word(enum check_kind kind);
const char *check_word(size_t i);	/* the word of the i-th type but none; NULL: no such type */
enum check_kind check_type_parse(const char *text);	/* CHECK_NONE: it is no type, or none */
const char *check_type_want(void);	/* "tcp, http, https, icmp or exec" */
/* Does a check connect to a port (its own, or the backend's)? */
bool check_has_port(const struct check *c);

bool check_has_key(enum check_kind kind, enum check_key key);
const char *check_key_word(enum check_key key);
const char *check_key_want(enum check_key key);
int check_key_parse(const char *word, enum check_key *ret);

/*
 * Sets one key of a draft; CHECK_KEY_ARGS adds an argument. -EINVAL: the value is not what
 * check_key_want() says.
 */
int check_set(struct check_draft *d, enum check_key key, const char *value);

/*
 * Makes a check of a draft. -EINVAL: *why says what is wrong, *ret_key is the key that is
 * most to blame.
 */
int check_finish(const struct check_draft *d, struct check *ret, enum check_key *ret_key,
		 struct why *why);

/* Parses TYPE[,KEY=VALUE]..., or none. -EINVAL: *why says what is wrong. */
int check_parse(const char *text, struct check *ret, struct why *why);
/* The same for `agent`, whose drafts begin here, and for its KEY=VALUE[,KEY=VALUE]..., or none. */
struct check_draft agent_draft(void);
int check_parse_agent(const char *text, struct check *ret, struct why *why);

/* Steps through the arguments: the first where `before` is NULL; NULL: no more. *ret_len: its bytes. */
const char *check_arg(const struct check *c, const char *before, size_t *ret_len);

/* Prints the value of a key; empty: the check has none. */
const char *check_print(const struct check *c, enum check_key key, char buf[CHECK_VALUE_TEXT]);

/* Has the key the value that check_finish() fills in where the key is not given? */
bool check_is_default(const struct check *c, enum check_key key);

#endif
