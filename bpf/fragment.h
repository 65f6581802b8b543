/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_FRAGMENT_H
#define XRING_BPF_FRAGMENT_H

/*
 * Fragments of a datagram go where its first one went, which alone has the ports. Where it went is
 * remembered by datagram; that is the one state that packets make while nothing changes. What a
 * first fragment said holds for its time: another one with other ports, which would overlap it, is
 * dropped (RFC 1858, RFC 5722), so that it cannot divert the rest.
 */
static __always_inline void datagram_of(const struct header *h, struct xring_datagram *ret)
{
	*(__u64 *)ret->src = h->src[0];
	*(__u64 *)(ret->src + 2) = h->src[1];
	*(__u64 *)ret->dst = h->dst[0];
	*(__u64 *)(ret->dst + 2) = h->dst[1];
	ret->id = h->id;
	ret->family = h->family;
	ret->proto = h->family == 4 ? h->proto : 0;
	ret->pad = 0;
}

/* Time is that of pins, so that tests can move it. */
static __always_inline __u32 fragment_now(void)
{
	return XRING_FRAGMENT_MS(clock_ns());
}

/*
 * Gives a later fragment the ports and the protocol of its datagram, and answers the backend's id;
 * 0: that is not known or dead, or the datagram is not for a service. Not static: the verifier walks
 * it once.
 */
__noinline __u32 fragment_find(struct uncommon *u)
{
	struct xring_datagram key;
	struct xring_fragment *f;

	if (!u)
		return 0;
	datagram_of(&u->outer, &key);
	f = bpf_map_lookup_elem(&xring_fragments, &key);
	tell(FRAGMENT, f ? f->backend : 0, 0);
	if (!f || fragment_now() - f->seen > XRING_FRAGMENT_TIME)
		return 0;
	if (f->generation != backend_generation(f->backend))
		return 0;
	u->flow.ports = f->ports;
	u->flow.proto = f->proto;
	u->hidden = 0;
	return f->backend;
}

/* Remembers where a first fragment goes; 0: another one of its datagram says otherwise. */
__noinline int fragment_note(struct uncommon *u, __u32 backend)
{
	struct xring_fragment fresh = { .backend = backend, .seen = fragment_now() }, *f;
	struct xring_datagram key;

	if (!u)
		return 0;
	datagram_of(&u->outer, &key);
	f = bpf_map_lookup_elem(&xring_fragments, &key);
	if (f && fresh.seen - f->seen <= XRING_FRAGMENT_TIME &&
	    (f->ports != u->flow.ports || f->proto != u->flow.proto))
		return 0;
	fresh.ports = u->flow.ports;
	fresh.proto = u->flow.proto;
	fresh.generation = backend_generation(backend);
	tell(NOTES, backend, 0);
	if (serves)
		bpf_map_update_elem(&xring_fragments, &key, &fresh, BPF_ANY);
	return 1;
}

#endif
