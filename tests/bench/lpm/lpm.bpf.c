// SPDX-License-Identifier: GPL-2.0
/*
 * Loops of longest-prefix matches. With `wait` the next client is not known before
 * the last answer is, and what is measured is how long a match takes; without, the
 * processor has some under way at once, as it has packets. Each way to match is a
 * function of its own, checked by the verifier once; `none` is the loop, the call
 * and the client alone.
 */
#include <linux/bpf.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#define XRING_LPM_LINE(lines, line)                                            \
	({                                                                     \
		__u32 line_ = (line);                                          \
		bpf_map_lookup_elem((void *)(lines), &line_);                  \
	})
#include <xring/lpm.h>

#include "bench_lpm.h"

struct bench bench;

#define array_of(name, type_, entries)              \
	struct {                                    \
		__uint(type, BPF_MAP_TYPE_ARRAY);   \
		__uint(max_entries, entries);       \
		__uint(map_flags, BPF_F_MMAPABLE);  \
		__type(key, __u32);                 \
		__type(value, type_);               \
	} name SEC(".maps")

/* An element has 8 bytes at least. */
struct pair {
	__u32 word[2];
};

array_of(lines, union xring_lpm_line, 1 << 21);
array_of(clients4, struct pair, CLIENTS / 2);
array_of(clients6, struct client6, CLIENTS);
/* By the first 24 bits; where longer prefixes are, by the last 8 in `last8`. */
array_of(first24, struct pair, 1 << 23);
array_of(last8, struct pair, 1 << 23);
array_of(buckets, struct bucket, 1 << 19);

struct key4 {
	__u32 bits;
	__u32 address;
};

struct key6 {
	__u32 bits;
	__u64 address[2];
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1100000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key4);
	__type(value, __u32);
} trie4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1100000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct key6);
	__type(value, __u32);
} trie6 SEC(".maps");

static __always_inline __u32 word_of(void *map, __u32 i)
{
	__u32 half = i / 2;
	struct pair *pair = bpf_map_lookup_elem(map, &half);

	return pair ? pair->word[i % 2] : 0;
}

static __always_inline __u32 client4(__u32 at)
{
	return word_of(&clients4, at);
}

static __always_inline struct client6 client6(__u32 at)
{
	struct client6 *client = bpf_map_lookup_elem(&clients6, &at);

	return client ? *client : (struct client6){};
}

__attribute__((noinline)) int none4(__u32 at)
{
	return client4(at) & XRING_LPM_VALUE_MAX;
}

__attribute__((noinline)) int none6(__u32 at)
{
	return client6(at).word[0] & XRING_LPM_VALUE_MAX;
}

__attribute__((noinline)) int table4(__u32 at)
{
	return lpm_lookup4(&lines, bench.roots[0], client4(at));
}

__attribute__((noinline)) int table6(__u32 at)
{
	struct client6 client = client6(at);

	return lpm_lookup6(&lines, bench.roots[1], client.word);
}

__attribute__((noinline)) int flat4(__u32 at)
{
	__u32 address = __builtin_bswap32(client4(at)), word = word_of(&first24, address >> 8);

	if (word & XRING_LPM_NODE)
		word = word_of(&last8, (word & XRING_LPM_VALUE_MAX) << 8 | (address & 0xff));
	return word;
}

/* A full bucket goes on in its neighbour. */
static __always_inline __u32 bucket_find(__u64 key, __u32 length, __u32 *value)
{
	__u32 i = bucket_hash(key, length) & bench.bucket_mask;

	for (int turn = 0; turn < 2; turn++, i ^= 1) {
		struct bucket *bucket = bpf_map_lookup_elem(&buckets, &i);

		if (!bucket)
			return 0;
		for (int way = 0; way < BUCKET_WAYS; way++)
			if (bucket->way[way].key == key && bucket->way[way].length == length) {
				*value = bucket->way[way].value;
				return 1;
			}
		if (!bucket->way[BUCKET_WAYS - 1].length)
			return 0;
	}
	return 0;
}

/* Binary search on prefix lengths (Waldvogel et al., SIGCOMM 1997). */
__attribute__((noinline)) int lengths6(__u32 at)
{
	__u32 low = 0, high = bench.lengths, value = 0;
	__u64 address = __builtin_bswap64(client6(at).word[0]);

	for (int i = 0; i < 7 && low < high; i++) {
		__u32 middle = (low + high) / 2;

		if (bucket_find(address & bench.length_mask[middle % LENGTHS], middle + 1, &value))
			low = middle + 1;
		else
			high = middle;
	}
	return value;
}

__attribute__((noinline)) int kernel4(__u32 at)
{
	struct key4 key = { 32, client4(at) };
	__u32 *value = bpf_map_lookup_elem(&trie4, &key);

	return value ? *value : 0;
}

__attribute__((noinline)) int kernel6(__u32 at)
{
	struct client6 client = client6(at);
	struct key6 key = { 128, { client.word[0], client.word[1] } };
	__u32 *value = bpf_map_lookup_elem(&trie6, &key);

	return value ? *value : 0;
}

#define program(name)                                                          \
	SEC("xdp")                                                             \
	int bench_##name(struct xdp_md *ctx __attribute__((unused)))           \
	{                                                                      \
		__u32 at = bench.at, answer = bench.answer, mask = bench.mask; \
		__u64 sum = 0, start = bpf_ktime_get_ns();                     \
		__u32 wait = bench.wait;                                       \
                                                                               \
		for (int i = 0; i < LOOKUPS; i++) {                            \
			if (wait)                                              \
				at += answer >> 31;                            \
			at = (at + 1) & mask;                                  \
			answer = name(at);                                     \
			sum += answer;                                         \
		}                                                              \
		bench.elapsed_ns += bpf_ktime_get_ns() - start;                \
		bench.at = at;                                                 \
		bench.answer = answer;                                         \
		bench.sum += sum;                                              \
		return XDP_PASS;                                               \
	}

program(none4)
program(none6)
program(table4)
program(table6)
program(flat4)
program(lengths6)
program(kernel4)
program(kernel6)

char _license[] SEC("license") = "GPL";
