/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_SERVICE_H
#define XRING_BPF_SERVICE_H

/*
 * To which service a packet belongs. One table is searched by destination (the VIP of a
 * service) and by source (a nat backend that replies). The daemon builds it as a cuckoo
 * table: a VIP is in one of two slots, and the slot itself is compared.
 */

/*
 * The slot that the low bits of a hash select in the half of the table that is live. vips:
 * from vips_read().
 */
static __always_inline struct xring_slot *slot_at(struct xring_vips *table, __u64 vips, __u32 hash)
{
	__u64 half = vips / (XRING_VIPS_HALF / XRING_VIP_SLOTS) & XRING_VIP_SLOTS;
	struct xring_slot *slot;

	/* Or clang adds by a bitwise or, of which the verifier of Linux 6.1 knows no bounds. */
	asm volatile("" : "+r"(half));
	slot = &table->slot[half + (hash & (XRING_VIP_SLOTS - 1))];
	asm volatile("" : "+r"(slot));	/* or clang computes it again at each use */
	return slot;
}

/* The number of a service, 1 and up. */
static __always_inline __u32 slot_number(const struct xring_slot *slot)
{
	return XRING_SLOT_NUMBER_OF(slot->ports_mask);
}

static __always_inline int slot_is(const struct xring_slot *slot, __u64 addr0, __u64 addr1,
				   __u32 port)
{
	return slot->port == port && *(__u64 *)slot->addr == addr0 &&
	       *(__u64 *)(slot->addr + 2) == addr1;
}

static __always_inline int slot_is_reply(const struct xring_slot *slot)
{
	__u32 kind = XRING_SLOT_KIND(slot->port);

	return kind == XRING_SLOT_REPLY4 || kind == XRING_SLOT_REPLY6;
}

/* The word that has the live half and the seed, in one load. */
static __always_inline __u64 vips_read(const struct xring_vips *table)
{
	return *(volatile const __u64 *)&table->config.vips;
}

static __always_inline struct xring_slot *slot_find(struct xring_vips *table, __u64 vips,
						    __u64 addr0, __u64 addr1, __u32 port)
{
	__u64 hash = hash_vip(low_half(vips), addr0, addr1, port);
	struct xring_slot *slot = slot_at(table, vips, hash);

	if (slot_is(slot, addr0, addr1, port))
		return slot;
	if (!slot->port)
		return NULL;	/* vips_build() moves a VIP on only from a slot in use */
	slot = slot_at(table, vips, hash >> (64 - XRING_VIP_BITS));
	return slot_is(slot, addr0, addr1, port) ? slot : NULL;
}

/* The port word of the VIP to which a packet goes. */
static __always_inline __u32 service_port(const struct flow *flow)
{
	return XRING_SLOT_PORT(flow_dport(flow), flow->proto,
			       flow->family == 4 ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6);
}

/* The slot in which the service of most packets is: service_is() says if it is. */
static __always_inline struct xring_slot *service_first(struct xring_vips *table, __u64 vips,
							const struct flow *flow)
{
	return slot_at(table, vips,
		       hash_vip(low_half(vips), flow->dst[0], flow->dst[1], service_port(flow)));
}

static __always_inline int service_is(const struct xring_slot *slot, const struct flow *flow)
{
	return slot_is(slot, flow->dst[0], flow->dst[1], service_port(flow));
}

/* What is searched for by shapes: an address, and a port word whose kind has no flags. */
struct shape_search {
	__u64 addr[2];
	__u64 vips;
	__u32 port;
	__u32 found;			/* 1: slot_found() is it */
};

/*
 * A slot is handed from function to function by its number, and that through memory: behind a number that a function
 * answers, the verifier of Linux 6.1 takes no two ways for one any more.
 */
static __always_inline void slot_keep(__u32 number)
{
	struct uncommon *u = uncommon_get();

	if (u)
		*(volatile __u32 *)&u->slot = number;
}

/* The slot that was kept last. */
static __always_inline struct xring_slot *slot_found(struct xring_vips *table)
{
	const struct uncommon *u = uncommon_get();
	struct xring_slot *slot;
	__u32 at;

	if (!u)
		return NULL;		/* not reached */
	at = *(const volatile __u32 *)&u->slot & (2 * XRING_VIP_SLOTS - 1);
	asm volatile("" : "+r"(at));	/* as in slot_at() */
	slot = &table->slot[at];
	asm volatile("" : "+r"(slot));
	return slot;
}

static __always_inline __u32 slot_index(const struct xring_vips *table, const struct xring_slot *slot)
{
	return ((void *)slot - (void *)table->slot) / sizeof(*slot);
}

/* The next step of shape_find(), by the shape with that index; 1: it was the last. */
static long shape_try(__u32 index, struct shape_search *s)
{
	__u32 at = index + (s->vips & XRING_VIPS_HALF ? XRING_SHAPES : 0), port, hash;
	const struct xring_shape *shape = bpf_map_lookup_elem(&xring_shapes, &at);
	struct xring_vips *table = vips_get();
	__u64 addr0, addr1;

	if (!shape || !table || !shape->kind || shape->kind > s->port >> 24)
		return 1;
	if (shape->kind < s->port >> 24)
		return 0;
	addr0 = (s->addr[0] & shape->mask[0]) | shape->mark[0];
	addr1 = (s->addr[1] & shape->mask[1]) | shape->mark[1];
	port = (s->port & shape->port_mask) | shape->port_mark;
	hash = hash_vip(low_half(s->vips), addr0, addr1, port);
	if (!slot_is(slot_at(table, s->vips, hash), addr0, addr1, port)) {
		hash = hash_vip(low_half(s->vips), addr0, addr1, port) >> (64 - XRING_VIP_BITS);
		if (!slot_is(slot_at(table, s->vips, hash), addr0, addr1, port))
			return 0;
	}
	slot_keep((s->vips & XRING_VIPS_HALF ? XRING_VIP_SLOTS : 0) + (hash & (XRING_VIP_SLOTS - 1)));
	s->found = 1;
	return 1;
}

/*
 * Finds the most specific slot of a network or a block of ports, or of any port, that has that address and port.
 * 0: there is none. Not static: the verifier walks it once, for all who ask.
 */
__noinline __u32 shape_find(__u64 addr0, __u64 addr1, __u32 port, __u64 vips)
{
	struct shape_search s = { .addr = { addr0, addr1 }, .vips = vips, .port = port };

	bpf_loop(XRING_SHAPES, shape_try, &s, 0);
	return s.found;
}

static __always_inline struct xring_slot *slot_by_shape(struct xring_vips *table, __u64 vips,
							__u64 addr0, __u64 addr1, __u32 port)
{
	return shape_find(addr0, addr1, port, vips) ? slot_found(table) : NULL;
}

/*
 * The slot of an address and a port word: its own; or, where some slots say more than that, the most
 * specific of them. more: the flag of `vips` which says that there are such.
 */
static __always_inline struct xring_slot *slot_or_more(struct xring_vips *table, __u64 vips,
						       __u64 addr0, __u64 addr1, __u32 port,
						       __u64 more)
{
	struct xring_slot *slot = slot_find(table, vips, addr0, addr1, port);

	if (slot || !(vips & more))
		return slot;
	if (vips & XRING_VIPS_SHAPES)
		return slot_by_shape(table, vips, addr0, addr1, port);
	return slot_find(table, vips, addr0, addr1, port & ~0xffffu);
}

/* The service to whose VIP the packet goes, or NULL. */
static __always_inline struct xring_slot *service_find(struct xring_vips *table, __u64 vips,
						       const struct flow *flow)
{
	return slot_or_more(table, vips, flow->dst[0], flow->dst[1], service_port(flow),
			    XRING_VIPS_ANY_PORT);
}

/* The port word of the nat backend from which a packet may be a reply. */
static __always_inline __u32 reply_port(const struct flow *flow)
{
	return XRING_SLOT_PORT(flow_sport(flow), flow->proto,
			       flow->family == 4 ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6);
}

/* The nat backend from which the packet is a reply, or NULL. */
static __always_inline struct xring_slot *reply_find(struct xring_vips *table, __u64 vips,
						     const struct flow *flow)
{
	if (!(vips & XRING_VIPS_REPLIES))
		return NULL;
	return slot_or_more(table, vips, flow->src[0], flow->src[1], reply_port(flow),
			    XRING_VIPS_REPLY_ANY);
}

/*
 * Is that the address and port word of a nat backend of which the table has this port? Then it is slot_found(). Not
 * static, so that nothing of the common packet is kept for it; and without the packet, as a call costs more than all
 * that it does.
 */
__noinline __u32 reply_known(__u64 addr0, __u64 addr1, __u32 port, __u64 vips)
{
	struct xring_vips *table = vips_get();
	const struct xring_slot *slot = table ? slot_find(table, vips, addr0, addr1, port) : NULL;

	if (!slot)
		return 0;
	slot_keep(slot_index(table, slot));
	return 1;
}

/* What no host sends from (RFC 1122 3.2.1.3, RFC 4291 2.5.3, 2.7): the host's stack drops it too. */
static __always_inline int source_is_martian(const struct flow *flow)
{
	__u32 first = (__u8)flow->src[0];

	if (flow->family == 4)
		return first == 127 || first - 1 >= 223;	/* 127/8, 0/8 and 224/3 */
	return first == 0xff || (!flow->src[0] && !(flow->src[1] & ~bpf_cpu_to_be64(1)));
}

/* Is the source martian, or may it be the VIP of a service? source_refused() knows. */
static __always_inline int source_is_strange(const struct xring_config *config,
					     const struct flow *flow)
{
	__u64 sources = config->sources, bit = XRING_SOURCE_BIT(flow->ports);

	asm volatile("%0 >>= %1" : "+r"(sources) : "r"(bit));	/* by its low 6 bits */
	return source_is_martian(flow) || sources & 1;
}

/*
 * Does a packet come from where none for a service may come from? Answers to the VIP of a service
 * would go to that service, and two backends would talk to each other for ever. Not static: the
 * verifier walks it once. It leaves slot_found() as it was.
 */
__noinline int source_refused(const struct flow *flow)
{
	struct xring_vips *table = vips_get();
	struct uncommon *u = uncommon_get();
	__u32 kept;
	int refused;

	if (!table || !flow || !u)
		return 0;
	kept = u->slot;
	refused = source_is_martian(flow) ||
	       slot_or_more(table, vips_read(table), flow->src[0], flow->src[1],
			    XRING_SLOT_PORT(flow_sport(flow), flow->proto,
					    flow->family == 4 ? XRING_SLOT_SERVICE4 :
								XRING_SLOT_SERVICE6),
			    XRING_VIPS_ANY_PORT) != NULL;
	u->slot = kept;
	return refused;
}

enum found {
	FOUND_NOTHING,
	FOUND_REFUSED,			/* for slot_found(), from where none may come */
	FOUND_SLOT,			/* slot_found() */
};

/*
 * Whose a common packet is that has no slot in the first place where that would be, or comes from
 * where few do; answers enum found. Not static, so that nothing of the common packet is kept for it.
 */
__noinline __u32 find_rarely(struct xdp_md *ctx)
{
	struct xring_vips *table = vips_get();
	const struct xring_slot *slot;
	struct flow flow = {};
	__u64 vips;

	if (!table || !flow_read(ctx, &flow))
		return FOUND_NOTHING;
	vips = vips_read(table);
	slot = service_find(table, vips, &flow) ?: reply_find(table, vips, &flow);
	if (!slot)
		return FOUND_NOTHING;
	slot_keep(slot_index(table, slot));
	return !slot_is_reply(slot) && source_is_strange(&table->config, &flow) && source_refused(&flow) ?
	       FOUND_REFUSED : FOUND_SLOT;
}

/* The hash of the flow's partition key: the 5-tuple under the masks of the service. */
static __always_inline __u32 key_hash(const struct xring_config *config,
				      const struct xring_slot *slot, const struct flow *flow)
{
	__u64 ports = ((__u64)flow->proto << 32 | flow->ports) & slot->ports_mask;
	__u64 src[2], dst[2];

	if (flow->family == 4)
		return hash_flow4(config->hash_key, flow->src[0] & slot->src_mask[0],
				  flow->dst[0] & slot->dst_mask, ports);
	for (int i = 0; i < 2; i++) {
		src[i] = flow->src[i] & slot->src_mask[i];
		dst[i] = flow->dst[i] & slot->dst_mask;
	}
	return hash_flow6(config->hash_key, src, dst, ports);
}

#endif
