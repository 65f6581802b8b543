/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_HOT_H
#define XRING_HOT_H

#include <jansson.h>
#include <stddef.h>

#define HOT_STATE_TEXT 96

/* What is done about a key, of the verb hot: "split", "pinned to b3 by hand". */
const char *hot_state_print(const json_t *key, char buf[HOT_STATE_TEXT]);

/* "100/10": over how many shards, on how many backends; "-": it is not split. */
const char *hot_shards_print(const json_t *key, char *buf, size_t size);

#endif
