/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_KEY_VALUE_H
#define XRING_CORE_MODEL_KEY_VALUE_H

#include <stdint.h>

#include <xring/abi.h>

#include "core/model/key.h"

/* Partition keys in packets, in the maps and as text. */
#define KEY_VALUE_TEXT 160

struct service;
struct why;

/* Fills the key masks of a service's slot, for a VIP of that family (AF_INET or AF_INET6). */
void slot_set_key(const struct key *key, int family, struct xring_slot *ret);

/* Stretches the configuration's 128-bit hash_key to the keys that include/xring/hash.h needs. */
void hash_expand(const uint8_t hash_key[HASH_KEY_BYTES], uint64_t ret[XRING_HASH_KEYS]);

/*
 * Hashes a partition key that is given as text, like the datapath hashes the key of a
 * packet. The text, by kind of key:
 *
 *     client          192.0.2.7
 *     client-prefix   192.0.2.0/24, or any address in it
 *     client-port     192.0.2.7:5555
 *     flow            192.0.2.7:5555,10.200.1.1:80[/tcp|/udp], the second a VIP of s
 *
 * expanded: from hash_expand(). Returns 0, or -EINVAL with *why.
 */
int key_hash_text(const char *text, const struct service *s,
		  const uint64_t expanded[XRING_HASH_KEYS], uint32_t *ret,
		  struct why *why);

/* The hash of the key that a flow has. */
uint32_t key_hash_flow(const struct key *key, const struct xring_flow *flow,
		       const uint64_t expanded[XRING_HASH_KEYS]);

/* The hash of a flow's whole 5-tuple. */
uint32_t flow_hash(const uint64_t *expanded, const struct xring_flow *flow);

/*
 * Parses a key as above into a flow that has it. What is not part of the key is 0; for a
 * key of kind flow that is nothing. Returns 0, or -EINVAL with *why.
 */
int key_flow_parse(const char *text, const struct service *s, struct xring_flow *ret,
		   struct why *why);

/* Prints the key of a flow in the form that key_flow_parse() reads. */
const char *key_flow_print(const struct key *key, const struct xring_flow *flow,
			   char buf[KEY_VALUE_TEXT]);

#endif
