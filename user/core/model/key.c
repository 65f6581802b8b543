// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/key.h"

#include <errno.h>
#include <netinet/in.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "core/value/number.h"

#define PREFIX4_DEFAULT 24
#define PREFIX6_DEFAULT 56
#define PREFIX "client-prefix"

bool key_equal(const struct key *a, const struct key *b)
{
	return a->kind == b->kind && a->prefix4 == b->prefix4 && a->prefix6 == b->prefix6;
}


/* What may follow "client-prefix": nothing, /N or /N,N6. */
static int prefix_parse(const char *text, struct key *ret)
{
	uint32_t bits4 = PREFIX4_DEFAULT, bits6 = PREFIX6_DEFAULT;

	if (*text == '/') {
		text = digits_parse(text + 1, 32, &bits4);
		if (text && *text == ',')
			text = digits_parse(text + 1, 128, &bits6);
	}
	if (!text || *text)
		return -EINVAL;
	*ret = (struct key){
		.kind = KEY_CLIENT_PREFIX,
		.prefix4 = (uint8_t)bits4,
		.prefix6 = (uint8_t)bits6,
	};
	return 0;
}

int key_parse(const char *text, struct key *ret)
{
	if (!strcmp(text, "flow"))
		*ret = (struct key){ .kind = KEY_FLOW };
	else if (!strcmp(text, "client"))
		*ret = (struct key){ .kind = KEY_CLIENT };
	else if (!strcmp(text, "client-port"))
		*ret = (struct key){ .kind = KEY_CLIENT_PORT };
	else if (!strncmp(text, PREFIX, strlen(PREFIX)))
		return prefix_parse(text + strlen(PREFIX), ret);
	else
		return -EINVAL;
	return 0;
}

const char *key_print(const struct key *key, char buf[KEY_TEXT])
{
	static const char *const names[] = {
		[KEY_FLOW] = "flow",
		[KEY_CLIENT] = "client",
		[KEY_CLIENT_PREFIX] = PREFIX,
		[KEY_CLIENT_PORT] = "client-port",
	};

	if (key->kind == KEY_CLIENT_PREFIX)
		snprintf(buf, KEY_TEXT, PREFIX "/%u,%u", key->prefix4, key->prefix6);
	else
		snprintf(buf, KEY_TEXT, "%s", names[key->kind]);
	return buf;
}

/* The first `bits` of an address, as a mask in memory order. */
static void prefix_mask(unsigned bits, uint8_t ret[16])
{
	memset(ret, 0, 16);
	for (unsigned i = 0; i < bits; i++)
		ret[i / 8] |= 0x80 >> i % 8;
}

void slot_key(const struct key *key, int family, struct xring_slot *ret)
{
	unsigned full = family == AF_INET ? 32 : 128;
	unsigned bits = key->kind != KEY_CLIENT_PREFIX ? full :
			family == AF_INET ? key->prefix4 : key->prefix6;
	uint8_t mask[16];

	prefix_mask(bits, mask);
	memcpy(ret->src_mask, mask, sizeof(mask));
	ret->dst_mask = key->kind == KEY_FLOW ? ~0ULL : 0;
	if (key->kind == KEY_FLOW)
		ret->ports_mask = XRING_PORTS(0xffff, 0xffff, 0xff);
	else if (key->kind == KEY_CLIENT_PORT)
		ret->ports_mask = XRING_PORTS(0xffff, 0, 0);
	else
		ret->ports_mask = 0;
}

/* SHA-256 of the key and a counter, four words at a time. */
void hash_expand(const uint8_t hash_key[HASH_KEY_BYTES], uint64_t ret[XRING_HASH_KEYS])
{
	for (uint8_t block = 0; block * 4 < XRING_HASH_KEYS; block++) {
		uint8_t digest[SHA256_DIGEST_LENGTH];
		SHA2_CTX sha;

		SHA256Init(&sha);
		SHA256Update(&sha, hash_key, HASH_KEY_BYTES);
		SHA256Update(&sha, &block, 1);
		SHA256Final(digest, &sha);
		memcpy(ret + block * 4, digest, sizeof(digest));
	}
}
