// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/ring/ring.h"

#include <errno.h>
#include <md5.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

uint32_t ring_position(const void *text, size_t len)
{
	uint8_t digest[MD5_DIGEST_LENGTH];
	MD5_CTX md5;

	MD5Init(&md5);
	MD5Update(&md5, text, len);
	MD5Final(digest, &md5);
	return (uint32_t)digest[12] << 24 | digest[13] << 16 | digest[14] << 8 | digest[15];
}

/* Computes position("name:i") for each i in [from, to); the name is hashed only once. */
static void node_positions(const struct ring_node *n, uint32_t index, uint32_t from,
			   uint32_t to, struct ring_point *ret)
{
	MD5_CTX name;

	MD5Init(&name);
	MD5Update(&name, (const uint8_t *)n->name, n->name_len);
	for (uint32_t i = from; i < to; i++) {
		uint8_t d[MD5_DIGEST_LENGTH];
		MD5_CTX md5 = name;
		char suffix[16];
		int len = snprintf(suffix, sizeof(suffix), ":%u", i);

		MD5Update(&md5, (const uint8_t *)suffix, len);
		MD5Final(d, &md5);
		*ret++ = (struct ring_point){
			.position = (uint32_t)d[12] << 24 | d[13] << 16 | d[14] << 8 | d[15],
			.node = index,
		};
	}
}

static int by_name(const struct ring_node *a, const struct ring_node *b)
{
	size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, len);

	if (order)
		return order;
	return (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static int point_order(const struct ring_point *a, const struct ring_point *b,
		       const struct ring_node *nodes)
{
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->node == b->node ? 0 : by_name(&nodes[a->node], &nodes[b->node]);
}

static int point_order_r(const void *a, const void *b, void *nodes)
{
	return point_order(a, b, nodes);
}

#define RADIX_BITS 11
#define RADIX_FROM 4096		/* points; for fewer, qsort() is as fast */

/* One stable pass of the radix sort, by RADIX_BITS bits of the position from bit `shift` on. */
static void radix_pass(const struct ring_point *from, struct ring_point *to, size_t count,
		       unsigned shift)
{
	size_t start[1 << RADIX_BITS] = {}, sum = 0;

	for (size_t i = 0; i < count; i++)
		start[from[i].position >> shift & ((1 << RADIX_BITS) - 1)]++;
	for (size_t b = 0; b < 1 << RADIX_BITS; b++) {
		size_t bucket = start[b];

		start[b] = sum;
		sum += bucket;
	}
	for (size_t i = 0; i < count; i++)
		to[start[from[i].position >> shift & ((1 << RADIX_BITS) - 1)]++] = from[i];
}

/*
 * Sorts by position, then by name. Positions are random, so that a radix sort puts nearly
 * all points in order; the few points that share a position are then sorted by name.
 */
static void points_sort(struct ring_point *points, size_t count, const struct ring_node *nodes)
{
	_free_ struct ring_point *other = NULL;

	if (count >= RADIX_FROM)
		other = malloc(count * sizeof(*other));
	if (!other) {
		qsort_r(points, count, sizeof(*points), point_order_r, (void *)nodes);
		return;
	}
	radix_pass(points, other, count, 0);
	radix_pass(other, points, count, RADIX_BITS);
	radix_pass(points, other, count, 2 * RADIX_BITS);
	for (size_t first = 0, i = 1; i <= count; i++) {
		if (i < count && other[i].position == other[first].position)
			continue;
		if (i - first > 1)
			qsort_r(other + first, i - first, sizeof(*other), point_order_r,
				(void *)nodes);
		first = i;
	}
	memcpy(points, other, count * sizeof(*other));
}

static struct ring_point *points_alloc(size_t count)
{
	return malloc((count ?: 1) * sizeof(struct ring_point));
}

static struct ring_node *nodes_copy(const struct ring_node *nodes, size_t count)
{
	struct ring_node *copy = malloc((count ?: 1) * sizeof(*copy));

	if (copy && count)
		memcpy(copy, nodes, count * sizeof(*copy));
	return copy;
}

int ring_new(const struct ring_node *nodes, size_t count, struct ring *ret)
{
	static const struct ring nothing;

	return ring_update(&nothing, nodes, count, ret, NULL, NULL);
}

void ring_clear(struct ring *ring)
{
	free(ring->points);
	free(ring->nodes);
	*ring = (struct ring){};
}

/* The index of the first point that is not before p. */
static size_t lower_bound(const struct ring_point *points, size_t count,
			  const struct ring_point *p, const struct ring_node *nodes)
{
	size_t low = 0;

	while (count) {
		size_t half = count / 2;

		if (point_order(&points[low + half], p, nodes) < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

/*
 * The points of the nodes whose counts differ: the points that go if `gone`, else the
 * points that come. Returns how many; *ret is NULL if memory is short.
 */
static size_t points_changed(const struct ring *from, const struct ring_node *nodes,
			     size_t count, bool gone, struct ring_point **ret)
{
	size_t total = 0;

	*ret = NULL;
	for (int pass = 0; pass < 2; pass++) {
		if (pass) {
			*ret = points_alloc(total);
			if (!*ret)
				return 0;
		}
		total = 0;
		for (size_t i = 0; i < count; i++) {
			uint32_t was = i < from->node_count ? from->nodes[i].points : 0;
			uint32_t is = nodes[i].points;
			uint32_t low = gone ? is : was, high = gone ? was : is;

			if (low >= high)
				continue;
			if (pass)
				node_positions(&nodes[i], i, low, high, *ret + total);
			total += high - low;
		}
	}
	points_sort(*ret, total, nodes);
	return total;
}

/* Copies `from` without the points that go and with the points that come, in runs of memcpy(). */
static void points_merge(const struct ring *from, const struct ring_node *nodes,
			 const struct ring_point *gone, size_t gone_count,
			 const struct ring_point *come, size_t come_count,
			 struct ring_point *to)
{
	size_t at = 0, g = 0, c = 0;

	while (g < gone_count || c < come_count) {
		bool remove = c == come_count ||
			      (g < gone_count && point_order(&gone[g], &come[c], nodes) <= 0);
		const struct ring_point *p = remove ? &gone[g++] : &come[c++];
		size_t run = lower_bound(from->points + at, from->point_count - at, p, nodes);

		if (run)
			memcpy(to, from->points + at, run * sizeof(*to));
		to += run;
		at += run;
		if (remove)
			at++;
		else
			*to++ = *p;
	}
	if (at < from->point_count)
		memcpy(to, from->points + at, (from->point_count - at) * sizeof(*to));
}

int ring_update(const struct ring *from, const struct ring_node *nodes, size_t count,
		struct ring *ret, struct ring_point **ret_delta, size_t *ret_delta_count)
{
	_free_ struct ring_point *gone = NULL, *come = NULL, *points = NULL, *delta = NULL;
	_free_ struct ring_node *copy = NULL;
	size_t gone_count, come_count, total;

	gone_count = points_changed(from, nodes, count, true, &gone);
	come_count = points_changed(from, nodes, count, false, &come);
	total = from->point_count - gone_count + come_count;
	points = points_alloc(total);
	delta = points_alloc(gone_count + come_count);
	copy = nodes_copy(nodes, count);
	if (!gone || !come || !points || !delta || !copy)
		return -ENOMEM;

	points_merge(from, nodes, gone, gone_count, come, come_count, points);
	if (ret_delta) {
		memcpy(delta, gone, gone_count * sizeof(*delta));
		memcpy(delta + gone_count, come, come_count * sizeof(*delta));
		points_sort(delta, gone_count + come_count, nodes);
		*ret_delta = take_ptr(delta);
		*ret_delta_count = gone_count + come_count;
	}
	*ret = (struct ring){ take_ptr(points), total, take_ptr(copy), count };
	return 0;
}

size_t ring_owner(const struct ring *ring, uint32_t hash)
{
	size_t low = 0, count = ring->point_count;

	while (count) {
		size_t half = count / 2;

		if (ring->points[low + half].position <= hash) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low == ring->point_count ? 0 : low;
}

size_t ring_replicas(const struct ring *ring, uint32_t hash, size_t n, uint32_t *ret)
{
	size_t found = 0, at;

	if (!ring->point_count || !n)
		return 0;
	at = ring_owner(ring, hash);
	for (size_t walked = 0; walked < ring->point_count && found < n; walked++) {
		uint32_t node = ring->points[at].node;
		bool seen = false;

		for (size_t i = 0; i < found && !seen; i++)
			seen = ret[i] == node;
		if (!seen)
			ret[found++] = node;
		at = at + 1 == ring->point_count ? 0 : at + 1;
	}
	return found;
}

#define CIRCLE (1ULL << 32)

void ring_shares(const struct ring *ring, uint64_t *shares)
{
	uint64_t previous = 0;

	memset(shares, 0, ring->node_count * sizeof(*shares));
	if (!ring->point_count)
		return;
	for (size_t i = 0; i < ring->point_count; i++) {
		shares[ring->points[i].node] += ring->points[i].position - previous;
		previous = ring->points[i].position;
	}
	shares[ring->points[0].node] += CIRCLE - previous;
}

uint64_t ring_difference(const struct ring *a, const struct ring *b)
{
	uint64_t differs = 0, previous = 0;
	size_t i = 0, j = 0;

	if (!a->point_count || !b->point_count)
		return a->point_count == b->point_count ? 0 : CIRCLE;
	for (;;) {
		uint64_t pa = i < a->point_count ? a->points[i].position : CIRCLE;
		uint64_t pb = j < b->point_count ? b->points[j].position : CIRCLE;
		uint64_t p = pa < pb ? pa : pb;

		if (a->points[i % a->point_count].node != b->points[j % b->point_count].node)
			differs += p - previous;
		if (p == CIRCLE)
			return differs;
		previous = p;
		while (i < a->point_count && a->points[i].position == p)
			i++;
		while (j < b->point_count && b->points[j].position == p)
			j++;
	}
}
