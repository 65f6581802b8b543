/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_CLASSES_H
#define XRING_BPF_CLASSES_H

/*
 * The classes of clients. The longest prefix that matches a client says of which class the
 * client is, together with the packet's ingress where a rule asks for it; the class says
 * which ring answers (struct xring_class). The last part counts what a rule sent where.
 *
 * Functions of this file that are not static are so for the verifier, which walks each of
 * them once, and not once more for each caller.
 */
static __always_inline struct xring_class *class_at(__u32 i)
{
	return bpf_map_lookup_elem(&xring_classes, &i);
}

/* The newest word, in one load: another CPU may see it change. */
static __always_inline __u64 class_newest(const struct xring_class *class)
{
	return *(volatile const __u64 *)&class->newest;
}

/* 0: there is no such class. */
static __always_inline __u64 class_newest_at(__u32 i)
{
	const struct xring_class *class = class_at(i);

	return class ? class_newest(class) : 0;
}

/* The number of the ingress at an interface; 0: the interface is not configured as one. */
__noinline __u32 ingress_number(__u32 ifindex)
{
	const struct xring_config *config = config_get();

	for (__u32 i = 0; config && i < XRING_INGRESSES; i++) {
		__u64 ingress = *(volatile const __u64 *)&config->ingresses[i];

		if (ingress >> 32 == ifindex)
			return ingress;
	}
	return 0;
}

/* The root of the prefix table of a service for one family; 0: no prefix matches. */
static __always_inline __u32 table_root(__u32 number, __u8 six)
{
	__u32 at = XRING_LINE_ROOT(number & (XRING_TABLES - 1), six);
	__u32 line = at / XRING_LPM_LINE_WORDS;
	const union xring_lpm_line *lines = bpf_map_lookup_elem(&xring_lines, &line);

	return lines ? lpm_read(&lines->word[at % XRING_LPM_LINE_WORDS]) : 0;
}

/*
 * The value (a class) of the longest prefix that matches src, from a root word of the family
 * on; 0: no prefix matches.
 */
__noinline __u32 prefix_walk(__u32 root, __u8 family, __u64 src0, __u64 src1)
{
	__u64 src[2] = { src0, src1 };

	return family == 6 ? lpm_lookup6(&xring_lines, root, src) :
			     lpm_walk(&xring_lines, root,
				      (__u64)__builtin_bswap32(src0) << 32, 0, XRING_LPM_STEPS4);
}

/* The same by a service's number. A palette answers most IPv4 packets without a call. */
static __always_inline __u32 prefix_find(__u32 number, const struct flow *flow)
{
	__u32 word = table_root(number, flow->family == 6);

	if (flow->family == 4)
		word = lpm_palette(&xring_lines, word, __builtin_bswap32(flow->src[0]));
	return word & XRING_LPM_NODE ? prefix_walk(word, flow->family, flow->src[0], flow->src[1]) :
				       word;
}

/* The newest word of the client's class, and the index of the class; 0: there is none. */
static __always_inline __u64 class_find(struct xdp_md *ctx, const struct xring_slot *slot,
					const struct flow *flow, __u32 *ret)
{
	__u32 index = prefix_find(slot_number(slot), flow) ?: slot->ring_base;
	__u64 word;

	word = class_newest_at(index);
	if (word & XRING_CLASS_INGRESS) {
		index += ingress_number(ingress_of(ctx));
		word = class_newest_at(index);
	}
	tell(CLASS, index, word);
	*ret = index;
	return word;
}

/* Region and rights of a backend; 0: there is no such backend, and no rule allows it. */
static __always_inline __u64 place_of(__u32 id)
{
	__u64 *place = bpf_map_lookup_elem(&xring_places, &id);

	return place ? *(volatile __u64 *)place : 0;
}

/* Does the rule of a class allow a backend with this place? class: newest or old word. */
static __always_inline int place_allows(__u64 place, __u64 class)
{
	return place >> xring_class_allowed(class) & 1;
}

/* Counts a packet for a rule and region; answers the counter, or NULL. */
static __always_inline struct xring_placed *placed_count(__u32 counter, __u32 bytes)
{
	struct xring_placed *placed = serves ? bpf_map_lookup_elem(&xring_placed, &counter) : NULL;

	if (!placed)
		return NULL;
	placed->packets++;
	placed->bytes += bytes;
	return placed;
}

/* How much a packet counts for the home of its network (struct xring_home). Notes its flow. */
static __always_inline __u32 home_weight(struct xdp_md *ctx, const struct flow *flow,
					 struct xring_home *home)
{
	__u32 hash = (flow->ports ^ (__u32)(flow->src[0] ^ flow->src[1])) * 0x9e3779b1u | 1;
	__u32 *flow_hash = &home->last[hash >> 28].flow, *next = flow_hash + 1;
	struct segment segment;
	int goes_on;

	if (flow->proto != IPPROTO_TCP)
		return 1;
	if (!segment_read(ctx, flow->family, &segment) || segment.opens)
		return 0;
	goes_on = *flow_hash == hash && segment.next - *next - 1 < XRING_FORWARD;
	*flow_hash = hash;
	*next = segment.next;
	return goes_on ? XRING_HOME_PROVEN : 1;
}

/* All 0. Not on the stack, which has no room for it. */
static const struct xring_home fresh_home = {};

/* Counts a packet for the network of its client and its ingress (struct xring_home). */
__noinline int home_count(struct xdp_md *ctx, __u32 own, __u32 service)
{
	const struct xring_class *class = class_at(own);
	struct xring_home_key key __attribute__((aligned(8))) = { .number = service };
	__u32 number = ingress_number(ingress_of(ctx)) - 1, bits;
	struct xring_home *home;
	struct flow flow = {};

	if (!class || number >= XRING_INGRESSES || !flow_read(ctx, &flow))
		return 0;
	key.family = flow.family;
	*(__u64 *)key.addr = flow.src[0];
	*(__u64 *)(key.addr + 2) = flow.src[1];
	bits = class->home_bits[key.family != 4];
	for (__u32 i = 0; i < 4; i += 2) {
		if (bits < 64)
			*(__u64 *)(key.addr + i) &= bits ? bpf_cpu_to_be64(~0ULL << (64 - bits)) : 0;
		bits = bits > 64 ? bits - 64 : 0;
	}
	home = bpf_map_lookup_elem(&xring_homes, &key);
	if (!home) {
		bpf_map_update_elem(&xring_homes, &key, &fresh_home, BPF_NOEXIST);
		home = bpf_map_lookup_elem(&xring_homes, &key);
	}
	if (home)
		__sync_fetch_and_add(&home->packets[number & (XRING_INGRESSES - 1)],
				     home_weight(ctx, &flow, home));
	return 0;
}

#endif
