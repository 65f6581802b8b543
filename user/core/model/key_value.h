/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_KEY_VALUE_H
#define XRING_CORE_MODEL_KEY_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include <xring/abi.h>

struct key;
struct service;

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
		  char *why, size_t size);

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
		   char *why, size_t size);

/* As people write it. */
#define KEY_VALUE_TEXT 160
const char *key_flow_print(const struct key *key, const struct xring_flow *flow,
			   char buf[KEY_VALUE_TEXT]);

#endif
