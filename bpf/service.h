/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_SERVICE_H
#define XRING_BPF_SERVICE_H

/*
 * To which service a packet belongs. One table is searched by destination (the VIP of a
 * service) and by source (a nat backend that replies). The daemon builds it as a cuckoo
 * table: a VIP is in one of two slots, and the slot itself is compared.
 */

/* hash: only the low bits select the slot. */
static __always_inline struct xring_slot *slot_at(struct xring_slot *half, __u32 hash)
{
	return half + (hash & (XRING_VIP_SLOTS - 1));
}

/* The number of a service, 1 and up. */
static __always_inline __u32 slot_number(const struct xring_slot *slot)
{
	return slot->ports_mask >> XRING_SLOT_NUMBER;
}

static __always_inline int slot_is(const struct xring_slot *slot, __u64 addr0, __u64 addr1,
				   __u32 port)
{
	return slot->port == port && *(__u64 *)slot->addr == addr0 &&
	       *(__u64 *)(slot->addr + 2) == addr1;
}

/* vips: the word of struct xring_config, which has the live half and the seed. */
static __always_inline struct xring_slot *slot_find(__u64 vips, __u64 addr0, __u64 addr1,
						    __u32 port)
{
	__u64 hash = hash_vip(vips, addr0, addr1, port);
	struct xring_slot *slot, *half;
	struct xring_vips *table;
	__u32 zero = 0;

	table = bpf_map_lookup_elem(&xring_vips, &zero);
	if (!table)
		return NULL;
	half = table->slot + (vips & XRING_VIPS_HALF ? XRING_VIP_SLOTS : 0);
	slot = slot_at(half, hash);
	if (slot_is(slot, addr0, addr1, port))
		return slot;
	if (!slot->port)
		return NULL;	/* vips_build() moves a VIP on only from a slot in use */
	slot = slot_at(half, hash >> (64 - XRING_VIP_BITS));
	return slot_is(slot, addr0, addr1, port) ? slot : NULL;
}

/* The service to whose VIP the packet goes, or NULL. */
static __always_inline struct xring_slot *service_find(__u64 vips, const struct flow *flow)
{
	__u8 kind = flow->family == 4 ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6;
	struct xring_slot *slot;

	slot = slot_find(vips, flow->dst[0], flow->dst[1],
			 XRING_SLOT_PORT(flow_dport(flow), flow->proto, kind));
	if (!slot && vips & XRING_VIPS_ANY_PORT)
		slot = slot_find(vips, flow->dst[0], flow->dst[1],
				 XRING_SLOT_PORT(0, flow->proto, kind));
	return slot;
}

/* The nat backend from which the packet is a reply, or NULL. */
static __always_inline struct xring_slot *reply_find(__u64 vips, const struct flow *flow)
{
	__u8 kind = flow->family == 4 ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6;
	struct xring_slot *slot;

	if (!(vips & XRING_VIPS_REPLIES))
		return NULL;
	slot = slot_find(vips, flow->src[0], flow->src[1],
			 XRING_SLOT_PORT(flow_sport(flow), flow->proto, kind));
	if (!slot && vips & XRING_VIPS_REPLY_ANY)
		slot = slot_find(vips, flow->src[0], flow->src[1],
				 XRING_SLOT_PORT(0, flow->proto, kind));
	return slot;
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
