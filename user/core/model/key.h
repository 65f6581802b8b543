/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_KEY_H
#define XRING_CORE_MODEL_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <xring/abi.h>

/* Partition keys: which parts of a packet's 5-tuple are hashed. */
enum key_kind {
	KEY_FLOW,
	KEY_CLIENT,
	KEY_CLIENT_PREFIX,
	KEY_CLIENT_PORT,
};

struct key {
	enum key_kind kind;
	uint8_t prefix4;		/* bits; of KEY_CLIENT_PREFIX alone, else 0 */
	uint8_t prefix6;
};

#define WANT_KEY "flow, client, client-prefix/N[,N6] or client-port"
#define KEY_TEXT 32
#define HASH_KEY_BYTES 16

bool key_equal(const struct key *a, const struct key *b);
int key_parse(const char *text, struct key *ret);	/* client-prefix alone is /24,56 */
const char *key_print(const struct key *key, char buf[KEY_TEXT]);

/*
 * What is hashed: fills a service slot's key masks, for a VIP of that family
 * (AF_INET or AF_INET6).
 */
void slot_key(const struct key *key, int family, struct xring_slot *ret);

/* The configuration's 128-bit hash_key, stretched for include/xring/hash.h. */
void hash_expand(const uint8_t hash_key[HASH_KEY_BYTES], uint64_t ret[XRING_HASH_KEYS]);

#endif
