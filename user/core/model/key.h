/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_KEY_H
#define XRING_CORE_MODEL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Partition keys: which parts of a packet's 5-tuple are hashed. All packets with the same
 * parts go to the same backend.
 */
/* Rows of the table in key.c. A kind that no other code names needs no name here. */
enum key_kind {
	KEY_FLOW,
	KEY_CLIENT,
	KEY_CLIENT_PREFIX,
	KEY_CLIENT_PORT,
	KEY_PACKET,
};

struct key {
	enum key_kind kind;
	uint8_t prefix4; /* bits of the client's address; only for KEY_CLIENT_PREFIX, else 0 */
	uint8_t prefix6;
};

#define KEY_TEXT 32
#define HASH_KEY_BYTES 16

bool key_equal(const struct key *a, const struct key *b);
/* Is each flow a key of its own? Such a key cannot be split over backends. */
bool key_is_flow(const struct key *key);
/* Does each packet go by itself? Then there are no flows and no keys to tell apart. */
bool key_is_packet(const struct key *key);
int key_parse(const char *text, struct key *ret);	/* client-prefix alone means /24,56 */
const char *key_print(const struct key *key, char buf[KEY_TEXT]);
/* the text of the i-th kind with its defaults; NULL: no such kind */
const char *key_word(size_t i, char buf[KEY_TEXT]);
const char *key_want(void);	/* "flow, client, client-prefix/N[,N6], client-port or packet" */

#endif
