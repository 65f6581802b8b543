/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_SELECT_H
#define XRING_BPF_SELECT_H

/* Which backend a packet goes to, by the steady state and by whatever a service has beside that. */

/*
 * Must a new flow keep off the backend, as that is over its bound? uncommon: NULL of a common
 * packet.
 */
static __always_inline int is_kept_off(struct xdp_md *ctx, const struct uncommon *uncommon,
				       __u8 family, __u32 id)
{
	return load_of(id) > XRING_LOAD_FULL &&
	       (uncommon ? uncommon->segment.opens : opens_flow(ctx, family));
}

/* The backend at a position of a service's ring. open: the path is open whatever the cell says. */
static __always_inline __u32 ring_backend(struct xdp_md *ctx, const struct xring_slot *slot,
					  __u32 hash, __u32 base, __u8 shift, __u32 at, __u8 open)
{
	__u64 word = cell_read(ring_cell(base, shift, at));

	tell(CELL, ring_cell(base, shift, at), word);
	if (rare(open || word & (XRING_MOVING | XRING_LOOK)) && changes)
		return path_answer(ctx, slot, hash);
	return cell_owner(word, at);
}

/*
 * What a rule counts of a packet that goes to a backend with this place: the counter of its
 * region; and with HOME, one common or plain packet in XRING_HOME_EACH by network and ingress.
 */
static __always_inline struct xring_placed *region_find(struct xdp_md *ctx,
							const struct xring_slot *slot,
							const struct uncommon *uncommon,
							__u64 class, __u64 place)
{
	__u32 counter = xring_class_counter(class) + 1 + (place >> XRING_PLACE_REGION);
	struct xring_placed *placed = serves ? bpf_map_lookup_elem(&xring_placed, &counter) : NULL;

	if (serves && placed && (!uncommon || is_plain(uncommon)) && class & XRING_CLASS_HOME &&
	    placed->packets % XRING_HOME_EACH == 0)
		home_count(ctx, slot->ring_base, slot_number(slot));
	return placed;
}

/* What the rule of a client's class says of a packet; all 0 for a service without rules. */
struct ruled {
	__u64 class;			/* newest word of the class */
	struct xring_placed *placed;	/* what counts the packet once it is sent */
};

/*
 * The backend of a packet for a service that has rules, entries of keys or bounded loads, or whose
 * packets go each by itself; and of any packet that is not a common one. hash: of the key. given:
 * the answer, or 0. uncommon: NULL of a common packet.
 */
static __always_inline __u32 special_backend(struct xdp_md *ctx, const struct xring_slot *slot,
					     const struct flow *flow, __u32 hash, __u32 given,
					     const struct uncommon *uncommon, struct ruled *ruled)
{
	__u32 base = slot->ring_base, at = hash, id, index;
	__u8 shift = slot->ring_shift, open = 0;

	if (rules && slot->flags & XRING_SERVICE_RULES) {
		/* A client without a class may go to no backend. */
		ruled->class = class_find(ctx, slot, flow, &index) ?:
			       XRING_CLASS_NOBODY;
		base = xring_class_base(ruled->class);
		shift = xring_class_shift(ruled->class);
		open = ruled->class >> 63;	/* XRING_CLASS_MOVING */
	}
	if (hot && slot->flags & XRING_SERVICE_HOT) {
		__u64 answer = hot_answer(slot_number(slot), hash);

		tell(HOT, answer, 0);
		open |= answer & XRING_HOT_MOVING || xring_hot_backend(answer);
		if (xring_hot_shards(answer))
			at = newest_position(ctx, answer, hash);
		tell(POSITION, at, 0);
	}
	if (given)
		id = given;
	else if (slot->flags & XRING_SERVICE_PACKET)	/* no flow, so nothing that a change could break */
		id = ring_lookup(base, shift, bpf_get_prandom_u32());
	else
		id = ring_backend(ctx, slot, hash, base, shift, at, open);
	if (changes && slot->flags & XRING_SERVICE_BOUND && !given &&
	    is_kept_off(ctx, uncommon, flow->family, id))
		id = path_answer(ctx, slot, hash);
	if (rules && slot->flags & XRING_SERVICE_RULES) {
		__u64 place = place_of(id);

		/* Tested wherever the answer came from: this test makes a rule strict. */
		if (!place_allows(place, ruled->class))
			return 0;
		ruled->placed = region_find(ctx, slot, uncommon, ruled->class, place);
	}
	return id;
}

#endif
