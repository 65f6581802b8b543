/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XRING_BPF_STATS_H
#define XRING_BPF_STATS_H

/* Counters of this CPU. A CPU runs one packet at a time, so that no counter is atomic. */

/* Ends a packet: every packet passes here once, with one counter for its fate. */
static __always_inline int finish(int verdict, __u32 counter)
{
	__u64 *count = serves ? bpf_map_lookup_elem(&xring_counters, &counter) : NULL;

	tell_here(END, counter, verdict);
	if (count)
		(*count)++;
	return verdict;
}

/* Counts what happened on an open path (enum xring_event). */
static __always_inline void event_count(__u32 event)
{
	__u64 *count = serves ? bpf_map_lookup_elem(&xring_events, &event) : NULL;

	tell_here(EVENT, event, 0);
	if (count)
		(*count)++;
}

/* Counts a packet that was sent to a backend. */
static __always_inline void backend_count(const __u32 *id, __u32 bytes, __u8 syn)
{
	struct xring_traffic *traffic = serves ? bpf_map_lookup_elem(&xring_traffic, id) : NULL;

	if (!traffic)
		return;
	traffic->packets++;
	traffic->bytes += bytes;
	traffic->flows += syn;
}

#endif
