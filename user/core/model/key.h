/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_KEY_H
#define XRING_CORE_MODEL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

/* Partition keys: which parts of a packet's 5-tuple are hashed. */
/* Rows of the table in key.c; those that no other code names need no name here. */
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

#define KEY_TEXT 32
#define HASH_KEY_BYTES 16

#define KEY_VALUE_TEXT 160

struct service;
struct why;

bool key_equal(const struct key *a, const struct key *b);
/* Is each flow a key of its own? Then there is nothing to split. */
bool key_is_flow(const struct key *key);
int key_parse(const char *text, struct key *ret);	/* client-prefix alone is /24,56 */
const char *key_print(const struct key *key, char buf[KEY_TEXT]);
const char *key_word(size_t i, char buf[KEY_TEXT]);	/* the i-th kind with its defaults; NULL: none */
const char *key_want(void);	/* "flow, client, client-prefix/N[,N6] or client-port" */

/*
 * What is hashed: fills a service slot's key masks, for a VIP of that family
 * (AF_INET or AF_INET6).
 */
void slot_key(const struct key *key, int family, struct xring_slot *ret);

/* The configuration's 128-bit hash_key, stretched for include/xring/hash.h. */
void hash_expand(const uint8_t hash_key[HASH_KEY_BYTES], uint64_t ret[XRING_HASH_KEYS]);

/*
 * A partition key as people write it, hashed as the datapath hashes it:
 *
 *     client          192.0.2.7
 *     client-prefix   192.0.2.0/24, or any address in it
 *     client-port     192.0.2.7:5555
 *     flow            192.0.2.7:5555,10.200.1.1:80[/tcp|/udp], the second a VIP of s
 *
 * expanded is what hash_expand() made. 0, or -EINVAL and why.
 */
int key_hash_text(const char *text, const struct service *s,
		  const uint64_t expanded[XRING_HASH_KEYS], uint32_t *ret,
		  struct why *why);

/* The same of the key that a flow has. */
uint32_t key_hash_flow(const struct key *key, const struct xring_flow *flow,
		       const uint64_t expanded[XRING_HASH_KEYS]);

/* The hash of a flow's whole 5-tuple. */
uint32_t flow_hash(const uint64_t *expanded, const struct xring_flow *flow);

/*
 * A key as a flow that has it, what is not of the key being 0; of a key of kind flow
 * the whole 5-tuple. 0, or -EINVAL and why.
 */
int key_flow_parse(const char *text, const struct service *s, struct xring_flow *ret,
		   struct why *why);

/* As people write it. */
const char *key_flow_print(const struct key *key, const struct xring_flow *flow,
			   char buf[KEY_VALUE_TEXT]);

#endif
