// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/seal.h"

#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "# xring seal "
#define TAIL " xring\n"
#define HEAD_BYTES (sizeof(HEAD) - 1)
#define TAIL_BYTES (sizeof(TAIL) - 1)
#define LENGTH_DIGITS 20
#define SUM_DIGITS (2 * SHA256_DIGEST_LENGTH)

_Static_assert(HEAD_BYTES + LENGTH_DIGITS + 1 + SUM_DIGITS + TAIL_BYTES == SEAL_BYTES,
	       "a seal has one length");

void seal_print(const char *text, size_t len, char ret[SEAL_BYTES + 1])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	int at;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)text, len);
	SHA256Final(digest, &sha);
	at = sprintf(ret, HEAD "%0*zu ", LENGTH_DIGITS, len);
	for (size_t i = 0; i < sizeof(digest); i++)
		at += sprintf(ret + at, "%02x", digest[i]);
	strcpy(ret + at, TAIL);
}

enum seal seal_look(const char *file, size_t size, size_t *ret_len)
{
	size_t begun = size < HEAD_BYTES ? size : HEAD_BYTES;
	bool head = !memcmp(file, HEAD, begun);
	bool tail = size >= SEAL_BYTES && !memcmp(file + SEAL_BYTES - TAIL_BYTES, TAIL, TAIL_BYTES);

	if (!head && !tail)
		return SEAL_NONE;
	if (!head || !tail)
		return SEAL_BROKEN;
	*ret_len = strtoull(file + HEAD_BYTES, NULL, 10);
	return SEAL_RIGHT;
}

enum seal seal_check(const char *file, size_t size, size_t *ret_len)
{
	char right[SEAL_BYTES + 1];
	size_t len;
	enum seal seal = seal_look(file, size, &len);

	if (seal != SEAL_RIGHT)
		return seal;
	if (len > size - SEAL_BYTES)
		return SEAL_BROKEN;
	seal_print(file + SEAL_BYTES, len, right);
	if (memcmp(file, right, SEAL_BYTES))
		return SEAL_BROKEN;
	*ret_len = len;
	return SEAL_RIGHT;
}
