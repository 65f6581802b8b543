/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_WORDS_H
#define XRING_CLI_COMMON_WORDS_H

#include <jansson.h>
#include <stddef.h>

/* Words that several commands print. */
#define HOT_STATE_TEXT 96

/* What is done about a key, from an answer to the verb hot: "split", "pinned to b3 by hand". */
const char *hot_state_print(const json_t *key, char buf[HOT_STATE_TEXT]);

/* The numbers of shards and of their backends, as "100/10"; "-": the key is not split. */
const char *hot_shards_print(const json_t *key, char *buf, size_t size);

/* What a change does, as "backend set b1: weight 2; backend del b2". */
void change_what_print(const json_t *change, char *buf, size_t size);

#endif
