// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kinds of partition keys. A new kind is a row of the table below. The datapath needs
 * no change: it hashes whatever the masks leave of the 5-tuple.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include <xring/hash.h>

#include "base/util.h"
#include "base/why.h"
#include "core/model/key_value.h"
#include "core/model/model.h"
#include "core/value/address.h"
#include "core/value/number.h"
#include "core/value/word.h"

#define PREFIX4_DEFAULT 24
#define PREFIX6_DEFAULT 56
#define FLOW_PORTS XRING_PORTS(0xffff, 0xffff, 0xff)

/* A 5-tuple in parsed form. The parts that a key does not have are 0. */
struct tuple {
	struct address src, dst;
	uint16_t sport, dport;
	uint8_t protocol;
};

/* ---- the value of a key, as text ---- */

static int parse_client(const char *text, const struct service *s, struct tuple *t)
{
	(void)s;
	return address_parse(text, &t->src);
}

/* Parses ADDRESS or ADDRESS/N, where N must be the length in the service's key. */
static int parse_prefix(const char *text, const struct service *s, struct tuple *t)
{
	const struct key *key = &s->key;
	const char *slash = strchr(text, '/');
	char address[ADDRESS_TEXT];
	uint32_t bits;

	if ((slash ? (size_t)(slash - text) : strlen(text)) >= sizeof(address))
		return -EINVAL;
	snprintf(address, sizeof(address), "%.*s", slash ? (int)(slash - text) : -1, text);
	if (address_parse(address, &t->src))
		return -EINVAL;
	if (!slash)
		return 0;
	return unsigned_parse(slash + 1, 0, 128, &bits) ||
	       bits != (t->src.family == AF_INET ? key->prefix4 : key->prefix6) ? -EINVAL : 0;
}

static int parse_client_port(const char *text, const struct service *s, struct tuple *t)
{
	(void)s;
	return flow_end_parse(text, &t->src, &t->sport);
}

/*
 * Finds the protocol of the service's VIP at dst. -EINVAL: dst is no VIP of the service.
 * wanted: the protocol; 0: any.
 */
static int find_protocol(const struct service *s, struct tuple *t, uint8_t wanted)
{
	for (size_t i = 0; i < s->vip_count; i++) {
		const struct vip *vip = &s->vips[i];

		if (!vip_takes(vip, &t->dst, t->dport) || (wanted && wanted != vip->protocol))
			continue;
		t->protocol = vip->protocol;
		return 0;
	}
	return -EINVAL;
}

static int parse_flow(const char *text, const struct service *s, struct tuple *t)
{
	const char *comma = strchr(text, ',');
	const char *slash = strchr(text, '/');
	char src[ENDPOINT_TEXT], dst[ENDPOINT_TEXT];
	uint8_t protocol = 0;

	if (!comma || comma - text >= ENDPOINT_TEXT)
		return -EINVAL;
	if (slash)
		protocol = !strcmp(slash, "/tcp") ? IPPROTO_TCP :
			   !strcmp(slash, "/udp") ? IPPROTO_UDP : UINT8_MAX;
	snprintf(src, sizeof(src), "%.*s", (int)(comma - text), text);
	if (slash && slash < comma)
		return -EINVAL;
	snprintf(dst, sizeof(dst), "%.*s", slash ? (int)(slash - comma - 1) : -1, comma + 1);
	if (flow_end_parse(src, &t->src, &t->sport) ||
	    flow_end_parse(dst, &t->dst, &t->dport) || t->src.family != t->dst.family)
		return -EINVAL;
	return find_protocol(s, t, protocol);
}

static void print_client(const struct key *key, const struct tuple *t, char buf[KEY_VALUE_TEXT])
{
	char from[ADDRESS_TEXT];

	(void)key;
	snprintf(buf, KEY_VALUE_TEXT, "%s", address_print(&t->src, from));
}

static void print_prefix(const struct key *key, const struct tuple *t, char buf[KEY_VALUE_TEXT])
{
	char from[ADDRESS_TEXT];

	snprintf(buf, KEY_VALUE_TEXT, "%s/%u", address_print(&t->src, from),
		 t->src.family == AF_INET ? key->prefix4 : key->prefix6);
}

static void print_client_port(const struct key *key, const struct tuple *t,
			      char buf[KEY_VALUE_TEXT])
{
	char from[ENDPOINT_TEXT];

	(void)key;
	snprintf(buf, KEY_VALUE_TEXT, "%s", flow_end_print(&t->src, t->sport, from));
}

static void print_flow(const struct key *key, const struct tuple *t, char buf[KEY_VALUE_TEXT])
{
	char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT];

	(void)key;
	snprintf(buf, KEY_VALUE_TEXT, "%s,%s/%s", flow_end_print(&t->src, t->sport, from),
		 flow_end_print(&t->dst, t->dport, to),
		 t->protocol == IPPROTO_TCP ? "tcp" : "udp");
}

static int parse_packet(const char *text, const struct service *s, struct tuple *t)
{
	(void)text, (void)s, (void)t;
	return -EINVAL;
}

/* ---- the kinds of keys ---- */

static const struct row {
	const char *word;
	/*
	 * What may follow the word, for messages: N is the length for IPv4, N6 for IPv6.
	 * NULL: nothing.
	 */
	const char *lengths;
	bool packet;			/* the key is the packet itself; the masks are those of flows */
	bool dst;			/* the destination address is part of the key */
	uint64_t ports;			/* which ports are part of it, as a mask like XRING_PORTS */
	/*
	 * What a value must be, for messages; a format that takes the two lengths if the
	 * kind has lengths.
	 */
	const char *want;
	int (*parse)(const char *text, const struct service *s, struct tuple *t);
	void (*print)(const struct key *key, const struct tuple *t, char buf[KEY_VALUE_TEXT]);
} rows[] = {
	[KEY_FLOW] = { "flow", NULL, false, true, FLOW_PORTS,
		       "CLIENT:PORT,VIP:PORT[/tcp|/udp], the VIP one of the service",
		       parse_flow, print_flow },
	[KEY_CLIENT] = { "client", NULL, false, false, 0, "a client's address",
			 parse_client, print_client },
	[KEY_CLIENT_PREFIX] = { "client-prefix", "/N[,N6]", false, false, 0,
				"an address, or a prefix of /%u (IPv6 /%u)",
				parse_prefix, print_prefix },
	[KEY_CLIENT_PORT] = { "client-port", NULL, false, false, XRING_PORTS(0xffff, 0, 0),
			      "a client's ADDRESS:PORT", parse_client_port, print_client_port },
	[KEY_PACKET] = { "packet", NULL, true, true, FLOW_PORTS,
			 "none, as each packet of the service goes by itself",
			 parse_packet, print_flow },
};

bool key_equal(const struct key *a, const struct key *b)
{
	return a->kind == b->kind && a->prefix4 == b->prefix4 && a->prefix6 == b->prefix6;
}

bool key_is_packet(const struct key *key)
{
	return rows[key->kind].packet;
}

bool key_is_flow(const struct key *key)
{
	return !key_is_packet(key) && rows[key->kind].dst && rows[key->kind].ports == FLOW_PORTS;
}

/* Parses what follows the word of a kind with lengths: nothing, /N or /N,N6. */
static int lengths_parse(const char *text, struct key *key)
{
	uint32_t bits4 = PREFIX4_DEFAULT, bits6 = PREFIX6_DEFAULT;

	if (*text == '/') {
		text = digits_parse(text + 1, 32, &bits4);
		if (text && *text == ',')
			text = digits_parse(text + 1, 128, &bits6);
	}
	if (!text || *text)
		return -EINVAL;
	key->prefix4 = (uint8_t)bits4;
	key->prefix6 = (uint8_t)bits6;
	return 0;
}

int key_parse(const char *text, struct key *ret)
{
	size_t len = strcspn(text, "/");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct key key = { .kind = (enum key_kind)i };

		if (strlen(rows[i].word) != len || strncmp(text, rows[i].word, len))
			continue;
		if (rows[i].lengths ? lengths_parse(text + len, &key) : text[len] ? -EINVAL : 0)
			return -EINVAL;
		*ret = key;
		return 0;
	}
	return -EINVAL;
}

const char *key_print(const struct key *key, char buf[KEY_TEXT])
{
	const struct row *row = &rows[key->kind];

	if (row->lengths)
		snprintf(buf, KEY_TEXT, "%s/%u,%u", row->word, key->prefix4, key->prefix6);
	else
		snprintf(buf, KEY_TEXT, "%s", row->word);
	return buf;
}

const char *key_word(size_t i, char buf[KEY_TEXT])
{
	struct key key = { (enum key_kind)i, PREFIX4_DEFAULT, PREFIX6_DEFAULT };

	return i < ARRAY_SIZE(rows) ? key_print(&key, buf) : NULL;
}

const char *key_want(void)
{
	static char texts[ARRAY_SIZE(rows)][KEY_TEXT], all[WORDS_TEXT];
	const char *words[ARRAY_SIZE(rows)];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(texts[i], KEY_TEXT, "%s%s", rows[i].word, rows[i].lengths ?: "");
		words[i] = texts[i];
	}
	return words_print(words, sizeof(*words), ARRAY_SIZE(rows), all);
}

/* ---- masks and hashes ---- */

/* A mask of the first `bits` bits of an address, in memory order. */
static void prefix_mask(unsigned bits, uint8_t ret[16])
{
	memset(ret, 0, 16);
	for (unsigned i = 0; i < bits; i++)
		ret[i / 8] |= 0x80 >> i % 8;
}

void slot_set_key(const struct key *key, int family, struct xring_slot *ret)
{
	const struct row *row = &rows[key->kind];
	unsigned full = family == AF_INET ? 32 : 128;
	unsigned bits = !row->lengths ? full : family == AF_INET ? key->prefix4 : key->prefix6;
	uint8_t mask[16];

	prefix_mask(bits, mask);
	memcpy(ret->src_mask, mask, sizeof(mask));
	ret->dst_mask = row->dst ? ~0ULL : 0;
	ret->ports_mask = row->ports;
}

/* Computes SHA-256 of the hash_key and a block number; each block gives four words. */
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

/* Clears the parts of a flow that are not part of the key. */
static void flow_mask(const struct key *key, struct xring_flow *flow)
{
	struct xring_slot slot = {};
	uint64_t src[2], dst[2];

	slot_set_key(key, flow->family == 4 ? AF_INET : AF_INET6, &slot);
	memcpy(src, flow->src, sizeof(src));
	memcpy(dst, flow->dst, sizeof(dst));
	for (int i = 0; i < 2; i++) {
		src[i] &= slot.src_mask[i];
		dst[i] &= slot.dst_mask;
	}
	memcpy(flow->src, src, sizeof(src));
	memcpy(flow->dst, dst, sizeof(dst));
	flow->ports &= (uint32_t)slot.ports_mask;
	flow->proto &= slot.ports_mask >> 32;
}

uint32_t key_hash_flow(const struct key *key, const struct xring_flow *flow,
		       const uint64_t expanded[XRING_HASH_KEYS])
{
	struct xring_flow masked = *flow;

	flow_mask(key, &masked);
	return flow_hash(expanded, &masked);
}

uint32_t flow_hash(const uint64_t *expanded, const struct xring_flow *flow)
{
	__u64 src[2], dst[2];

	memcpy(src, flow->src, sizeof(src));
	memcpy(dst, flow->dst, sizeof(dst));
	return hash_tuple((const __u64 *)expanded, flow->family, src, dst,
			  (__u64)flow->proto << 32 | flow->ports);
}

/* ---- keys as values ---- */

static void tuple_flow(const struct tuple *t, struct xring_flow *ret)
{
	*ret = (struct xring_flow){
		.ports = XRING_PORTS(htons(t->sport), htons(t->dport), 0),
		.proto = t->protocol,
		.family = t->src.family == AF_INET ? 4 : 6,
	};
	memcpy(ret->src, t->src.bytes, sizeof(ret->src));
	memcpy(ret->dst, t->dst.bytes, sizeof(ret->dst));
}

int key_flow_parse(const char *text, const struct service *s, struct xring_flow *ret,
		   struct why *why)
{
	const struct row *row = &rows[s->key.kind];
	struct tuple t = {};
	char want[96];

	if (row->parse(text, s, &t)) {
		snprintf(want, sizeof(want), row->want, s->key.prefix4, s->key.prefix6);
		return why_set(why, -EINVAL, "key %s: want %s", text, want);
	}
	tuple_flow(&t, ret);
	flow_mask(&s->key, ret);
	return 0;
}

int key_hash_text(const char *text, const struct service *s,
		  const uint64_t expanded[XRING_HASH_KEYS], uint32_t *ret,
		  struct why *why)
{
	struct xring_flow flow;
	int err = key_flow_parse(text, s, &flow, why);

	if (!err)
		*ret = flow_hash(expanded, &flow);
	return err;
}

static void flow_end(const __be32 *bytes, uint8_t family, struct address *ret)
{
	*ret = (struct address){ family == 4 ? AF_INET : AF_INET6 };
	memcpy(ret->bytes, bytes, sizeof(ret->bytes));
}

const char *key_flow_print(const struct key *key, const struct xring_flow *flow,
			   char buf[KEY_VALUE_TEXT])
{
	struct tuple t = {
		.sport = ntohs(flow->ports),
		.dport = ntohs(flow->ports >> 16),
		.protocol = flow->proto,
	};
	struct xring_flow masked = *flow;

	flow_mask(key, &masked);
	flow_end(masked.src, flow->family, &t.src);
	flow_end(flow->dst, flow->family, &t.dst);
	rows[key->kind].print(key, &t, buf);
	return buf;
}
