// SPDX-License-Identifier: GPL-2.0-or-later
#include "fragments.h"

#include <netinet/in.h>
#include <string.h>

#define ETH_BYTES 14
#define FRAGMENT_HEADER 8

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = v >> 8;
	at[1] = v;
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static void ip_sum(uint8_t *ip)
{
	uint32_t sum = 0;

	put16(ip + 10, 0);
	for (int i = 0; i < (ip[0] & 15) * 4; i += 2)
		sum += get16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)));
}

/* Bytes of the IPv4 header with its options, or of the IPv6 header. */
static size_t head_bytes(const uint8_t *ip)
{
	return ip[0] >> 4 == 6 ? 40 : (ip[0] & 15) * 4;
}

static void cut4(struct frame *f, size_t offset, size_t len, bool more)
{
	uint8_t *ip = f->bytes + ETH_BYTES;

	put16(ip + 2, head_bytes(ip) + len);
	put16(ip + 6, offset / 8 | (more ? 0x2000 : 0));
	ip_sum(ip);
}

static void cut6(struct frame *f, size_t offset, size_t len, bool more, uint32_t id)
{
	uint8_t *ip = f->bytes + ETH_BYTES, *fragment = ip + 40;

	memmove(fragment + FRAGMENT_HEADER, fragment, len);
	memset(fragment, 0, FRAGMENT_HEADER);
	fragment[0] = ip[6];
	put16(fragment + 2, offset | more);
	put16(fragment + 4, id >> 16);
	put16(fragment + 6, id);
	ip[6] = IPPROTO_FRAGMENT;
	put16(ip + 4, FRAGMENT_HEADER + len);
	f->len += FRAGMENT_HEADER;
}

size_t fragments_cut(const struct frame *whole, size_t mtu, uint32_t id, struct frame *ret,
		     size_t most)
{
	const uint8_t *ip = whole->bytes + ETH_BYTES;
	bool six = ip[0] >> 4 == 6;
	size_t head = head_bytes(ip), bytes = whole->len - ETH_BYTES - head, count = 0;
	size_t each = (mtu - head - (six ? FRAGMENT_HEADER : 0)) / 8 * 8;

	for (size_t at = 0; at < bytes; at += each, count++) {
		size_t len = bytes - at < each ? bytes - at : each;
		struct frame *f = &ret[count];

		assert_in_range(count, 0, most - 1);
		memcpy(f->bytes, whole->bytes, ETH_BYTES + head);
		memcpy(f->bytes + ETH_BYTES + head, ip + head + at, len);
		f->len = ETH_BYTES + head + len;
		if (six)
			cut6(f, at, len, at + len < bytes, id);
		else
			cut4(f, at, len, at + len < bytes);
	}
	return count;
}

void fragments_join(const struct frame *parts, size_t count, struct frame *ret)
{
	static bool there[FRAME_MAX];
	size_t end = 0, head = head_bytes(parts[0].bytes + ETH_BYTES);

	memset(there, 0, sizeof(there));
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < count; i++) {
		const uint8_t *ip = parts[i].bytes + ETH_BYTES, *data = ip + head;
		bool six = ip[0] >> 4 == 6;
		size_t len = six ? get16(ip + 4) - (size_t)FRAGMENT_HEADER : get16(ip + 2) - head;
		size_t at = six ? get16(ip + 42) & 0xfff8 : (get16(ip + 6) & 0x1fff) * 8;
		bool more = six ? get16(ip + 42) & 1 : get16(ip + 6) & 0x2000;

		assert_in_range(ETH_BYTES + head + at + len, 0, FRAME_MAX);
		if (!at)
			memcpy(ret->bytes, parts[i].bytes, ETH_BYTES + head);
		if (!at && six)
			ret->bytes[ETH_BYTES + 6] = ip[40];
		memcpy(ret->bytes + ETH_BYTES + head + at, data + (six ? FRAGMENT_HEADER : 0), len);
		for (size_t k = at; k < at + len; k++) {
			assert_false(there[k]);
			there[k] = true;
		}
		if (!more)
			end = at + len;
	}
	for (size_t k = 0; k < end; k++)
		assert_true(there[k]);
	assert_true(end);
	ret->len = ETH_BYTES + head + end;
	if (ret->bytes[ETH_BYTES] >> 4 == 6) {
		put16(ret->bytes + ETH_BYTES + 4, end);
	} else {
		put16(ret->bytes + ETH_BYTES + 2, head + end);
		put16(ret->bytes + ETH_BYTES + 6, 0);
		ip_sum(ret->bytes + ETH_BYTES);
	}
}
