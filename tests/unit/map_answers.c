// SPDX-License-Identifier: GPL-2.0-or-later
#include "map_answers.h"

#include <arpa/inet.h>
#include <string.h>

#include <xring/hash.h>
#include <xring/lpm.h>

#include "core/hot/entries.h"
#include "core/value/address.h"
#include "core/vip/slots.h"
#include "core/vip/vips.h"
#include "dp/dp.h"
#include "dp/write.h"

const struct xring_slot *map_slot(const struct dp *dp, const struct vip *vip)
{
	struct port_block blocks[PORT_BLOCKS_MAX];
	struct xring_slot key;

	vip_blocks(vip, blocks);
	slot_vip(vip, &blocks[0], &key);
	return vips_find(dp_vips_live(dp), dp->config->vips, key.addr, key.port);
}

struct xring_flow map_flow(const struct address *client, uint16_t port, const struct vip *vip)
{
	struct xring_flow flow = {
		.ports = htons(port) | (uint32_t)htons(vip->port) << 16,
		.proto = vip->protocol,
		.family = vip->address.family == AF_INET ? 4 : 6,
	};

	memcpy(flow.src, client->bytes, sizeof(flow.src));
	memcpy(flow.dst, vip->address.bytes, sizeof(flow.dst));
	return flow;
}

/* ---- the path ---- */

struct side {
	uint32_t base;			/* of the ring */
	uint8_t shift;
	uint64_t class;			/* the class's word; 0: there are no classes */
	uint64_t key;			/* a side of the key's entry */
};

static void words_of(const void *from, uint64_t ret[2])
{
	memcpy(ret, from, 2 * sizeof(*ret));
}

static uint32_t key_hash(const struct dp *dp, const struct xring_slot *slot,
			 const struct xring_flow *flow)
{
	uint64_t ports = XRING_PORTS(0, 0, flow->proto) | flow->ports, src[2], dst[2];
	const __u64 *keys = dp->config->hash_key;

	words_of(flow->src, src);
	words_of(flow->dst, dst);
	for (int i = 0; i < 2; i++) {
		src[i] &= slot->src_mask[i];
		dst[i] &= slot->dst_mask;
	}
	ports &= slot->ports_mask & ((1ULL << XRING_SLOT_NUMBER) - 1);
	return flow->family == 4 ? hash_flow4(keys, src[0], dst[0], ports) :
				   hash_flow6(keys, (__u64 *)src, (__u64 *)dst, ports);
}

static uint32_t owner(const struct dp *dp, uint64_t word, uint32_t hash)
{
	uint32_t split = word, before = word >> 32 & XRING_ID_MASK;
	if (before != XRING_SPILL)
		return hash < split ? before : word >> 48 & XRING_ID_MASK;
	while (before == XRING_SPILL) {
		const struct xring_spill *bucket = &dp->spills[split < dp->spill_count ? split : 0];
		int i = 0;

		while (i < XRING_SPILL_POINTS && hash >= bucket->split[i])
			i++;
		before = bucket->owner[i];
		split = bucket->split[XRING_SPILL_POINTS - 1];
	}
	return before;
}

static uint16_t generation(const struct dp *dp, uint32_t id)
{
	const struct xring_backend *backend = &dp->backends[id];

	return xring_template(backend)->generation;
}

static bool allows(const struct dp *dp, uint64_t class, uint32_t id)
{
	return !class || dp->places[id] >> xring_class_allowed(class) & 1;
}

/* The backend that the entry gives the key to; 0: the ring answers. */
static uint32_t given(const struct dp *dp, const struct side *side)
{
	uint32_t id = xring_hot_backend(side->key);

	return id && generation(dp, id) && allows(dp, side->class, id) ? id : 0;
}

static uint32_t position(const struct dp *dp, const struct side *side, uint32_t hash,
			 const struct xring_flow *flow)
{
	uint32_t shards = xring_hot_shards(side->key);
	uint64_t src[2], dst[2];

	words_of(flow->src, src);
	words_of(flow->dst, dst);
	return shards ? hash_split(dp->config->hash_key, hash,
				   hash_shard(hash_tuple(dp->config->hash_key, flow->family,
							 (__u64 *)src, (__u64 *)dst,
							 (uint64_t)flow->proto << 32 | flow->ports),
					      shards)) : hash;
}

/* What the cell says; *moves: it moves. old: what it said before. */
static uint32_t cell(const struct dp *dp, const struct side *side, uint32_t hash, bool old,
		     bool *moves)
{
	uint32_t bits = 32 - side->shift, at = side->base + (hash >> side->shift);
	uint64_t word;

	if (side->shift < 8 || at >= dp->cell_count - (1u << bits))
		return 0;
	word = dp->cells[at];
	*moves = word & XRING_MOVING;
	return owner(dp, old && *moves ? dp->cells[at + (1u << bits)] : word, hash);
}

static void side_class(struct side *side, uint64_t word)
{
	side->class = word;
	side->base = xring_class_base(word);
	side->shift = xring_class_shift(word);
}

static const struct xring_class *class_of(const struct dp *dp, const struct xring_slot *slot,
					  const struct xring_flow *flow, uint32_t ingress)
{
	bool six = flow->family != 4;
	uint32_t number = XRING_SLOT_NUMBER_OF(slot->ports_mask);
	uint32_t root = ((const uint32_t *)dp->lines)[XRING_LINE_ROOT(number, six)], index;
	const union xring_lpm_line *lines = dp->lines + XRING_LINE_ROOTS;
	uint64_t src[2];

	words_of(flow->src, src);
	index = six ? lpm_lookup6(lines, root, (__u64 *)src) : lpm_lookup4(lines, root, src[0]);
	index = index ?: slot->ring_base;
	if (index < XRING_CLASSES && dp->classes[index].newest & XRING_CLASS_INGRESS)
		index += ingress;
	return index < XRING_CLASSES ? &dp->classes[index] : NULL;
}

struct map_answer map_answer(const struct dp *dp, const struct xring_slot *slot,
			     const struct xring_flow *flow, uint32_t ingress)
{
	uint32_t hash = key_hash(dp, slot, flow), place;
	uint32_t number = XRING_SLOT_NUMBER_OF(slot->ports_mask);
	struct side now = { slot->ring_base, slot->ring_shift, 0, 0 }, before;
	bool selector = false, moves = false;
	struct map_answer ret = {};
	uint64_t entry;

	if (slot->flags & XRING_SERVICE_HOT && !hot_find(dp->hot, number, hash, &place)) {
		entry = *hot_word(dp->hot, place);
		now.key = entry & XRING_HOT_SIDE_MASK;
	} else {
		entry = 0;
	}
	before = now;
	if (entry & XRING_HOT_MOVING) {
		before.key = entry >> XRING_HOT_OLD & XRING_HOT_SIDE_MASK;
		selector = true;
	}
	if (slot->flags & XRING_SERVICE_RULES) {
		const struct xring_class *class = class_of(dp, slot, flow, ingress);
		uint64_t word = class && class->newest ? class->newest : XRING_CLASS_NOBODY;

		side_class(&now, word);
		side_class(&before, word & XRING_CLASS_MOVING ? class->old : word);
		selector |= word & XRING_CLASS_MOVING;
	}
	ret.newest = given(dp, &now) ?: cell(dp, &now, position(dp, &now, hash, flow), false, &moves);
	ret.old = ret.newest;
	if (selector)
		ret.old = given(dp, &before) ?:
			  cell(dp, &before, position(dp, &before, hash, flow), true, &moves);
	else if (moves && !given(dp, &now))
		ret.old = cell(dp, &now, position(dp, &now, hash, flow), true, &moves);
	ret.moving = selector || moves;
	ret.forbidden = !allows(dp, now.class, ret.newest);
	if (ret.forbidden)
		ret.newest = 0;
	if (!generation(dp, ret.old) || !allows(dp, now.class, ret.old))
		ret.old = ret.newest;	/* it may not keep the flow */
	return ret;
}

/* ---- for people ---- */

const char *map_backend(const struct dp *dp, uint32_t id)
{
	static char texts[2][200];
	static int turn;
	const struct xring_owner *o = &dp->owners[id];
	const struct xring_backend *backend = &dp->backends[id];
	const struct xring_template *t = xring_template(backend);
	struct address address = { .family = o->family };
	char text[ENDPOINT_TEXT];
	char *ret = texts[turn ^= 1];

	if (!id)
		return "nobody";
	memcpy(address.bytes, o->addr, sizeof(address.bytes));
	snprintf(ret, sizeof(texts[0]), "%s/%s@%s%s%s", o->service, o->backend,
		 o->service[0] ? endpoint_print(&address, o->port, text) : "",
		 t->kind == XRING_NONE ? "~untemplated" : "",
		 t->generation ? "" : "~dead");
	return ret;
}
