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

/* The service to whose VIP the packet goes, or NULL. */
static __always_inline struct xring_slot *service_find(struct xring_vips *table, __u64 vips,
						       const struct flow *flow)
{
	__u8 kind = flow->family == 4 ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6;
	struct xring_slot *slot;

	slot = slot_find(table, vips, flow->dst[0], flow->dst[1], service_port(flow));
	if (!slot && vips & XRING_VIPS_ANY_PORT)
		slot = slot_find(table, vips, flow->dst[0], flow->dst[1],
				 XRING_SLOT_PORT(0, flow->proto, kind));
	return slot;
}

/* The nat backend from which the packet is a reply, or NULL. */
static __always_inline struct xring_slot *reply_find(struct xring_vips *table, __u64 vips,
						     const struct flow *flow)
{
	__u8 kind = flow->family == 4 ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6;
	struct xring_slot *slot;

	if (!(vips & XRING_VIPS_REPLIES))
		return NULL;
	slot = slot_find(table, vips, flow->src[0], flow->src[1],
			 XRING_SLOT_PORT(flow_sport(flow), flow->proto, kind));
	if (!slot && vips & XRING_VIPS_REPLY_ANY)
		slot = slot_find(table, vips, flow->src[0], flow->src[1],
				 XRING_SLOT_PORT(0, flow->proto, kind));
	return slot;
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
 * Does the packet come from where none for a service may come from? Answers to the VIP of a service
 * would go to that service, and two backends would talk to each other for ever.
 */
__noinline int source_refused(struct xdp_md *ctx)
{
	struct xring_vips *table = vips_get();
	struct flow flow;
	__u64 vips;
	__u8 kind;

	if (!table || !flow_read(ctx, &flow))
		return 0;
	if (source_is_martian(&flow))
		return 1;
	vips = vips_read(table);
	kind = flow.family == 4 ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6;
	return slot_find(table, vips, flow.src[0], flow.src[1],
			 XRING_SLOT_PORT(flow_sport(&flow), flow.proto, kind)) ||
	       (vips & XRING_VIPS_ANY_PORT &&
		slot_find(table, vips, flow.src[0], flow.src[1],
			  XRING_SLOT_PORT(0, flow.proto, kind)));
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
