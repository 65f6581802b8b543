/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_SERVICE_H
#define XRING_BPF_SERVICE_H

/*
 * Whose packet is it? One table answers by destination (a service's VIP) and by
 * source (the backend of a nat service, replying). It is a cuckoo table that the
 * daemon builds: an entry is in one of two slots, compared in place.
 */
static __always_inline struct xring_slot *slot_at(__u64 vips, __u32 place, __u64 addr0,
						  __u64 addr1, __u32 port)
{
	__u32 i = (place & (XRING_VIP_SLOTS - 1)) +
		  (vips & XRING_VIPS_HALF ? XRING_VIP_SLOTS : 0);
	struct xring_slot *slot = bpf_map_lookup_elem(&xring_vips, &i);

	if (!slot || slot->port != port)
		return NULL;
	if (*(__u64 *)slot->addr != addr0 || *(__u64 *)(slot->addr + 2) != addr1)
		return NULL;
	return slot;
}

static __always_inline struct xring_slot *slot_find(__u64 vips, __u64 addr0, __u64 addr1,
						    __u32 port)
{
	__u64 places = hash_vip(vips, addr0, addr1, port);
	struct xring_slot *slot = slot_at(vips, places, addr0, addr1, port);

	return slot ?: slot_at(vips, places >> (64 - XRING_VIP_BITS), addr0, addr1, port);
}

static __always_inline struct xring_slot *service_find(__u64 vips, const struct flow *flow)
{
	__u8 kind = flow->family == 4 ? XRING_SLOT_SERVICE4 : XRING_SLOT_SERVICE6;
	struct xring_slot *slot;

	slot = slot_find(vips, flow->dst[0], flow->dst[1],
			 XRING_SLOT_PORT(flow->dport, flow->proto, kind));
	if (!slot && vips & XRING_VIPS_ANY_PORT)
		slot = slot_find(vips, flow->dst[0], flow->dst[1],
				 XRING_SLOT_PORT(0, flow->proto, kind));
	return slot;
}

static __always_inline struct xring_slot *reply_find(__u64 vips, const struct flow *flow)
{
	__u8 kind = flow->family == 4 ? XRING_SLOT_REPLY4 : XRING_SLOT_REPLY6;
	struct xring_slot *slot;

	if (!(vips & XRING_VIPS_REPLIES))
		return NULL;
	slot = slot_find(vips, flow->src[0], flow->src[1],
			 XRING_SLOT_PORT(flow->sport, flow->proto, kind));
	if (!slot && vips & XRING_VIPS_REPLY_ANY)
		slot = slot_find(vips, flow->src[0], flow->src[1],
				 XRING_SLOT_PORT(0, flow->proto, kind));
	return slot;
}

/* The service's partition key of this flow, hashed. */
static __always_inline __u32 key_hash(const struct xring_config *config,
				      const struct xring_slot *slot, const struct flow *flow)
{
	__u64 ports = XRING_PORTS(flow->sport, flow->dport, flow->proto) & slot->ports_mask;
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
