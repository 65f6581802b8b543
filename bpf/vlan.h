/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_VLAN_H
#define XRING_BPF_VLAN_H

/*
 * VLAN tags (IEEE 802.1Q, 802.1ad). A frame whose tags are taken here loses them before it is
 * read, and is like any other from then on, but for the interface at which it counts as coming in.
 * It leaves with the tags of its backend's template. What is left to the host, or goes back to its
 * sender as an answer, gets its own tags back.
 */
#define VLAN_DEPTH 2			/* tags */
#define TAG_VID 0x0fff			/* of a tag's second half; the rest is the priority */

struct tag {
	__be16 type;			/* what kind of tag it is */
	__be16 vlan;			/* number and priority */
};

#define TAG_BYTES ((int)sizeof(struct tag))

struct macs { __u32 word[3]; };
struct tagged { struct macs macs; struct tag tag[VLAN_DEPTH]; __be16 type; };

/* Of the frame in hand, between tags_take() and tags_end(); all 0 for one without tags. */
struct taken {
	__u32 ingress;			/* the interface at which it counts as coming in */
	__u32 count;
	struct tag tag[VLAN_DEPTH];	/* as they were in it */
};

MAP_COUNTERS(xring_taken, 1, struct taken);

static __always_inline struct taken *taken_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xring_taken, &zero);
}

static __always_inline int tags_are_off(void)
{
	const struct taken *taken = taken_get();

	return taken && *(volatile const __u32 *)&taken->count;
}

/* Where the packet in hand came in. */
static __always_inline __u32 ingress_of(struct xdp_md *ctx)
{
	const struct taken *taken = taken_get();

	return taken && taken->ingress ? taken->ingress : ctx->ingress_ifindex;
}

static __always_inline int is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* A tag in the form of struct xring_vlan; 0: it has nothing but a priority. */
static __always_inline __u32 tag_word(const struct tag *tag)
{
	__u32 vid = bpf_ntohs(tag->vlan) & TAG_VID;

	return !vid ? 0 : vid | XRING_TAG | (tag->type == bpf_htons(ETH_P_8021AD) ? XRING_TAG_AD : 0);
}

/* The interface at which frames with these tags count as coming in; 0: they are not taken. */
static __always_inline __u32 tags_ingress(__u32 ifindex, __u32 tags)
{
	struct xring_vlan key = { .ifindex = ifindex, .tags = tags };
	const __u32 *ingress = bpf_map_lookup_elem(&xring_vlans, &key);

	if (ingress)
		return *ingress;
	key.tags = tags ? XRING_VLAN_ANY : XRING_VLAN_ONLY;
	ingress = bpf_map_lookup_elem(&xring_vlans, &key);
	return !tags == !ingress ? ifindex : 0;
}

/* What xring_vlans has of a device that is no VLAN; otherwise: it has nothing. */
static __always_inline __u32 of_device(__u32 ifindex, __u32 what, __u32 otherwise)
{
	struct xring_vlan key = { .ifindex = ifindex, .tags = what };
	const __u32 *value = bpf_map_lookup_elem(&xring_vlans, &key);

	return value ? *value : otherwise;
}

/*
 * May what is sent to a device be answered at the interface? It may if they are ports of one bridge or
 * bond, or one is that of which the other is. Not static: the verifier walks it once.
 */
__noinline int is_beside(__u32 ifindex, __u32 ingress)
{
	__u32 master = of_device(ingress, XRING_VLAN_MASTER, 0);

	return master && (master == ifindex || master == of_device(ifindex, XRING_VLAN_MASTER, 0));
}

/* The device that sends what a route leads to that one; 0: it is not known. Not static, as is_beside(). */
__noinline __u32 sender_of(__u32 ifindex)
{
	return of_device(ifindex, XRING_VLAN_SENDER, ifindex);
}

/*
 * Takes the tags off; 0: frames with them are not taken here. Not static: the verifier walks it
 * once.
 */
__noinline int tags_take(struct xdp_md *ctx)
{
	const struct tagged *frame = frame_at(ctx, 0, struct tagged);
	struct taken *taken = taken_get();
	__u32 inner = 0, tags, count, ingress;
	struct macs *to, macs;

	if (!frame || !taken || !is_tag(frame->tag[0].type))
		return 1;
	macs = frame->macs;
	taken->tag[0] = frame->tag[0];
	taken->tag[1] = frame->tag[1];
	count = 1 + is_tag(frame->tag[1].type);
	tags = tag_word(&taken->tag[0]);
	if (count == VLAN_DEPTH)
		inner = tag_word(&taken->tag[1]);
	ingress = tags_ingress(ctx->ingress_ifindex, tags ? XRING_TAGS(tags, inner) : inner);
	if (!ingress || bpf_xdp_adjust_head(ctx, count * sizeof(struct tag)))
		return 0;
	tell(TAGS, count, ingress);
	taken->ingress = ingress;
	taken->count = count;
	to = frame_at(ctx, 0, struct macs);
	if (to)
		*to = macs;
	return 1;
}

/* Puts so many tags in front of a frame; 0: the driver has left no room for them. */
static __always_inline int tags_insert(struct xdp_md *ctx, __u32 count, const struct tag *tag)
{
	const struct macs *from = frame_at(ctx, 0, struct macs);
	struct tagged *frame;
	struct macs macs;

	if (!from)
		return 0;
	macs = *from;
	if (bpf_xdp_adjust_head(ctx, -(int)(count * sizeof(*tag))))
		return 0;
	frame = frame_at(ctx, 0, struct tagged);
	if (!frame)
		return 0;
	frame->macs = macs;
	frame->tag[0] = tag[0];
	if (count == VLAN_DEPTH)
		frame->tag[1] = tag[1];
	return 1;
}

static __always_inline struct tag tag_of(__u32 word)
{
	return (struct tag){
		.type = word & XRING_TAG_AD ? bpf_htons(ETH_P_8021AD) : bpf_htons(ETH_P_8021Q),
		.vlan = bpf_htons(word & TAG_VID),
	};
}

/* Puts XRING_TAGS() in front of a frame that goes on; 0: there is no room. Not static, as tags_take(). */
__noinline int tags_put(struct xdp_md *ctx, __u32 tags)
{
	struct tag tag[VLAN_DEPTH] = { tag_of(tags), tag_of(tags >> 16) };

	return tags_insert(ctx, tags >> 16 ? 2 : 1, tag);
}

/* Puts the tags in front with which a device over others sends; 0: there is no room. Not static, as that. */
__noinline int tags_put_of(struct xdp_md *ctx, __u32 ifindex)
{
	return tags_put(ctx, of_device(ifindex, XRING_VLAN_TAGS, 0));
}

/* Gives a frame that is not forwarded its own tags back, if it had some. Not static, as tags_take(). */
__noinline int tags_back(struct xdp_md *ctx)
{
	struct taken *taken = taken_get();

	return !taken || !taken->count || tags_insert(ctx, taken->count, taken->tag);
}

/* The end of each packet whose tags were taken off. Not static, as tags_take(). */
__noinline int tags_end(struct xdp_md *ctx, int verdict)
{
	struct taken *taken = taken_get();

	if (!taken || !taken->count)
		return verdict;
	if (verdict == XDP_PASS && !tags_back(ctx))
		verdict = XDP_ABORTED;		/* not reached: there was room for them */
	taken->ingress = taken->count = 0;
	return verdict;
}

#endif
