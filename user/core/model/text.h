/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_TEXT_H
#define XRING_CORE_MODEL_TEXT_H

#include "core/model/model.h"
#include "core/model/placement.h"

struct constraint;

/*
 * Values as people write them. A parser takes the whole text: it returns 0, or -EINVAL with
 * *ret untouched. The WANT_ text says what was wanted instead, for messages of the form
 * `WHAT VALUE: want WANT`. A printer returns a constant, or fills a buffer of the named
 * size and returns the buffer.
 */
#define WANT_STATE "active, draining or maintenance"
#define WANT_ALL_DOWN "drop, pass or keep"
#define WANT_TAG WANT_NAME
#define WANT_TAGS "at most 127 characters of tags in all"
#define WANT_CONSTRAINT "+region=NAME, -region=NAME, +tag=NAME or -tag=NAME"
#define WANT_STRATEGY "global, regional or geo"
#define WANT_HASH_KEY "32 hexadecimal digits"

#define CONSTRAINT_TEXT (PLACE_NAME + 8)

int state_parse(const char *text, enum backend_state *ret);
int all_down_parse(const char *text, enum all_down *ret);
int constraint_parse(const char *text, struct constraint *ret);
int strategy_parse(const char *text, enum strategy *ret);	/* never STRATEGY_NONE */
int hash_key_parse(const char *text, uint8_t ret[HASH_KEY_BYTES]);

const char *state_print(enum backend_state state);
const char *all_down_print(enum all_down all_down);
const char *constraint_print(const struct constraint *c, char buf[CONSTRAINT_TEXT]);
const char *strategy_print(enum strategy strategy);

#endif
