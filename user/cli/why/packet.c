// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/why/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "core/value/address.h"
#include "core/value/number.h"

#define TTL 64u
#define IP4_HEADER 20
#define IP6_HEADER 40
#define TCP_HEADER 20
#define UDP_HEADER 8
#define ICMP_HEADER 8
#define EXTENSION 8			/* bytes of a header that has no options */
#define FRAGMENT_ID 0x78726e67u		/* "xrng" */

/* What is said in words, read. */
struct described {
	struct address from, to;
	uint16_t from_port, to_port;	/* host byte order */
	uint8_t protocol;
	uint8_t flags;			/* of TCP */
	bool options, fragment, more;
	uint32_t offset;		/* of the fragment, bytes */
	uint32_t len, ttl;
	uint32_t tags[2];
	size_t tag_count;
	const struct icmp_kind *error;	/* NULL: it is none */
};

static const struct icmp_kind {
	const char *word;
	uint8_t type4, code4, type6, code6;
} icmp_kinds[] = {
	{ "unreachable", 3, 1, 1, 0 },
	{ "too-big", 3, 4, 2, 0 },
	{ "ttl", 11, 0, 3, 0 },
};

/* ---- words ---- */

static int ends_read(const struct packet_words *w, struct described *d, struct why *why)
{
	if (!strcmp(w->protocol, "tcp") || !strcmp(w->protocol, "udp"))
		d->protocol = *w->protocol == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	else
		return why_set(why, -EINVAL, "%s: want tcp or udp", w->protocol);
	if (flow_end_parse(w->from, &d->from, &d->from_port))
		return why_set(why, -EINVAL, "%s: want ADDRESS:PORT of the client", w->from);
	if (flow_end_parse(w->to, &d->to, &d->to_port))
		return why_set(why, -EINVAL, "%s: want ADDRESS:PORT of the VIP", w->to);
	if (d->from.family != d->to.family)
		return why_set(why, -EINVAL, "%s and %s: want addresses of one family", w->from, w->to);
	d->flags = (w->syn ? 2 : 0) | (w->fin ? 1 : 0) | (w->rst ? 4 : 0) | (w->ack ? 16 : 0);
	if (!d->flags)
		d->flags = 16;
	return 0;
}

static int tags_read(const char *text, struct described *d, struct why *why)
{
	_free_ char *copy = strdup(text ?: "");
	char *rest = copy, *word;

	while (text && copy && (word = strsep(&rest, ",")))
		if (d->tag_count == 2 || unsigned_parse(word, 1, 4094, &d->tags[d->tag_count++]))
			return why_set(why, -EINVAL, "vlan %s: want one or two of 1 to 4094", text);
	return copy ? 0 : why_set(why, -ENOMEM, "no memory");
}

static int fragment_read(const char *text, struct described *d, struct why *why)
{
	_free_ char *copy = strdup(text ?: "");
	char *comma = copy ? strchr(copy, ',') : NULL;

	if (!text)
		return 0;
	if (comma)
		*comma = 0;
	if (!copy || unsigned_parse(copy, 0, 65528, &d->offset) || d->offset % 8 ||
	    (comma && strcmp(comma + 1, "more")))
		return why_set(why, -EINVAL, "fragment %s: want OFFSET or OFFSET,more, in bytes, a "
			       "multiple of 8", text);
	d->fragment = true;
	d->more = comma;
	return 0;
}

static int rest_read(const struct packet_words *w, struct described *d, struct why *why)
{
	d->options = w->options;
	d->ttl = TTL;
	if (w->ttl && unsigned_parse(w->ttl, 0, 255, &d->ttl))
		return why_set(why, -EINVAL, "ttl %s: want 0 to 255", w->ttl);
	if (w->len && unsigned_parse(w->len, 1, PACKET_MOST - 32, &d->len))
		return why_set(why, -EINVAL, "len %s: want 1 to %u", w->len, PACKET_MOST - 32);
	for (size_t i = 0; w->icmp_error && i < ARRAY_SIZE(icmp_kinds); i++)
		if (!strcmp(w->icmp_error, icmp_kinds[i].word))
			d->error = &icmp_kinds[i];
	if (w->icmp_error && !d->error)
		return why_set(why, -EINVAL, "icmp-error %s: want unreachable, too-big or ttl",
			       w->icmp_error);
	return 0;
}

/* ---- bytes ---- */

struct writer {
	uint8_t *bytes;
	size_t len;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	memcpy(w->bytes + w->len, bytes, len);
	w->len += len;
}

static void put8(struct writer *w, uint8_t value)
{
	put(w, &value, 1);
}

static void put16(struct writer *w, uint16_t value)
{
	const uint8_t bytes[2] = { value >> 8, value };

	put(w, bytes, 2);
}

static void put32(struct writer *w, uint32_t value)
{
	put16(w, value >> 16);
	put16(w, value);
}

static uint32_t sum(const uint8_t *bytes, size_t len)
{
	uint32_t ret = 0;

	for (size_t i = 0; i < len; i++)
		ret += bytes[i] << (i % 2 ? 0 : 8);
	return ret;
}

/* RFC 1071 */
static void checksum_put(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	at[0] = ~sum >> 8;
	at[1] = ~sum;
}

static size_t address_bytes(const struct address *a)
{
	return a->family == AF_INET ? 4 : 16;
}

static uint32_t pseudo_sum(const struct address *from, const struct address *to, uint8_t protocol,
			   size_t len)
{
	return sum(from->bytes, address_bytes(from)) + sum(to->bytes, address_bytes(to)) + protocol + len;
}

static void put_ip4(struct writer *w, const struct described *d, const struct address *from,
		    const struct address *to, uint8_t protocol, size_t payload)
{
	size_t header = IP4_HEADER + (d->options ? 4 : 0), begin = w->len;

	put8(w, 0x40 | header / 4);
	put8(w, 0);
	put16(w, header + payload);
	put16(w, (uint16_t)FRAGMENT_ID);
	put16(w, d->offset / 8 | (d->more ? 0x2000 : 0));
	put8(w, d->ttl);
	put8(w, protocol);
	put16(w, 0);
	put(w, from->bytes, 4);
	put(w, to->bytes, 4);
	if (d->options)
		put32(w, 0x01010101);		/* four times "no operation" */
	checksum_put(w->bytes + begin + 10, sum(w->bytes + begin, header));
}

static void put_ip6(struct writer *w, const struct described *d, const struct address *from,
		    const struct address *to, uint8_t protocol, size_t payload)
{
	size_t extensions = (d->options ? EXTENSION : 0) + (d->fragment ? EXTENSION : 0);
	uint8_t next = d->fragment ? IPPROTO_FRAGMENT : protocol;

	put32(w, 6u << 28);
	put16(w, extensions + payload);
	put8(w, d->options ? IPPROTO_DSTOPTS : next);
	put8(w, d->ttl);
	put(w, from->bytes, 16);
	put(w, to->bytes, 16);
	if (d->options) {
		put8(w, next);
		put8(w, 0);
		put16(w, 0x0104);		/* an option that fills up four bytes (RFC 8200, 4.2) */
		put32(w, 0);
	}
	if (d->fragment) {
		put8(w, protocol);
		put8(w, 0);
		put16(w, d->offset | d->more);
		put32(w, FRAGMENT_ID);
	}
}

static void put_ip(struct writer *w, const struct described *d, const struct address *from,
		   const struct address *to, uint8_t protocol, size_t payload)
{
	if (from->family == AF_INET)
		put_ip4(w, d, from, to, protocol, payload);
	else
		put_ip6(w, d, from, to, protocol, payload);
}

static size_t ip_bytes(const struct described *d)
{
	if (d->from.family == AF_INET)
		return IP4_HEADER + (d->options ? 4 : 0);
	return IP6_HEADER + (d->options ? EXTENSION : 0) + (d->fragment ? EXTENSION : 0);
}

/* TCP or UDP, with `len` bytes in all, of which those behind the header are 0. */
static void put_flow(struct writer *w, const struct described *d, const struct address *from,
		     uint16_t from_port, const struct address *to, uint16_t to_port, size_t len)
{
	size_t begin = w->len, check = d->protocol == IPPROTO_TCP ? 16 : 6;

	put16(w, from_port);
	put16(w, to_port);
	if (d->protocol == IPPROTO_TCP) {
		put32(w, 1);			/* the sequence number */
		put32(w, d->flags & 16 ? 1 : 0);
		put16(w, 0x5000 | d->flags);
		put16(w, 0xffff);
		put32(w, 0);
	} else {
		put16(w, len);
		put16(w, 0);
	}
	w->len = begin + len;			/* the rest is 0 already */
	checksum_put(w->bytes + begin + check,
		     pseudo_sum(from, to, d->protocol, len) + sum(w->bytes + begin, len));
}

static size_t flow_header(const struct described *d)
{
	return d->protocol == IPPROTO_TCP ? TCP_HEADER : UDP_HEADER;
}

/* What a router on the way says to the VIP of what it had sent: a packet that went to the client. */
static void put_error(struct writer *w, const struct described *d)
{
	const struct described quoted = { .protocol = d->protocol, .flags = 16, .ttl = TTL };
	bool four = d->from.family == AF_INET;
	size_t header = flow_header(d), begin,
	       payload = ICMP_HEADER + (four ? IP4_HEADER : IP6_HEADER) + header;

	put_ip(w, d, &d->from, &d->to, four ? IPPROTO_ICMP : IPPROTO_ICMPV6, payload);
	begin = w->len;
	put8(w, four ? d->error->type4 : d->error->type6);
	put8(w, four ? d->error->code4 : d->error->code6);
	put16(w, 0);
	put32(w, !strcmp(d->error->word, "too-big") ? 1280 : 0);
	put_ip(w, &quoted, &d->to, &d->from, d->protocol, header);
	put_flow(w, &quoted, &d->to, d->to_port, &d->from, d->from_port, header);
	checksum_put(w->bytes + begin + 2,
		     (four ? 0 : pseudo_sum(&d->from, &d->to, IPPROTO_ICMPV6, payload)) +
			     sum(w->bytes + begin, payload));
}

static int put_packet(struct writer *w, const struct described *d, struct why *why)
{
	size_t payload = flow_header(d);

	if (d->len) {
		if (d->len < ip_bytes(d) + (d->offset ? 0 : payload))
			return why_set(why, -EINVAL, "len %u: want %zu at least", d->len,
				       ip_bytes(d) + payload);
		payload = d->len - ip_bytes(d);
	}
	put_ip(w, d, &d->from, &d->to, d->protocol, payload);
	if (d->offset)				/* a later fragment has no header of these */
		w->len += payload;
	else
		put_flow(w, d, &d->from, d->from_port, &d->to, d->to_port, payload);
	return 0;
}

int packet_make(const struct packet_words *words, uint8_t ret[PACKET_MOST], size_t *ret_len,
		struct why *why)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	struct writer w = { ret, 0 };
	struct described d = {};
	int err = ends_read(words, &d, why) ?: tags_read(words->vlan, &d, why) ?:
		  fragment_read(words->fragment, &d, why) ?: rest_read(words, &d, why);

	if (err)
		return err;
	memset(ret, 0, PACKET_MOST);
	put(&w, macs, sizeof(macs));
	for (size_t i = 0; i < d.tag_count; i++) {
		put16(&w, i + 1 < d.tag_count ? 0x88a8 : 0x8100);
		put16(&w, d.tags[i]);
	}
	put16(&w, d.from.family == AF_INET ? 0x0800 : 0x86dd);
	if (d.error)
		put_error(&w, &d);
	else
		err = put_packet(&w, &d, why);
	*ret_len = w.len;
	return err;
}
