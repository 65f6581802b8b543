// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/common/pcapng.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/buffer.h"

/* Block types and option codes, as the draft has them. */
enum block {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_SECTION_HARDWARE = 2,
	OPTION_SECTION_OS = 3,
	OPTION_SECTION_APPLICATION = 4,
	OPTION_INTERFACE_NAME = 2,
	OPTION_INTERFACE_RESOLUTION = 9,
	OPTION_INTERFACE_OS = 12,
	OPTION_PACKET_FLAGS = 2,
	OPTION_PACKET_ID = 5,
	OPTION_PACKET_QUEUE = 6,
	OPTION_PACKET_VERDICT = 7,
	OPTION_STATISTICS_LOST = 5,
};

#define MAGIC 0x1a2b3c4d
#define ETHERNET 1
#define NANOSECONDS 9
#define INBOUND 1
#define VERDICT_XDP 2
#define VERSION_1_0 1			/* two shorts: 1, 0 */

static void put(struct buffer *b, const void *bytes, size_t len)
{
	static const char zeros[4];

	buffer_append(b, bytes, len);
	buffer_append(b, zeros, -len & 3);
}

static void put_word(struct buffer *b, uint32_t word)
{
	put(b, &word, sizeof(word));
}

static void put_time(struct buffer *b, uint64_t ns)
{
	put_word(b, ns >> 32);
	put_word(b, ns);
}

static void put_option(struct buffer *b, uint16_t code, const void *value, uint16_t len)
{
	const uint16_t head[2] = { code, len };

	put(b, head, sizeof(head));
	put(b, value, len);
}

static void put_text(struct buffer *b, uint16_t code, const char *text)
{
	size_t len = strlen(text);

	put_option(b, code, text, len < 1000 ? len : 1000);
}

/* Writes the block and empties the buffer. */
static bool block_write(struct pcapng *p, enum block type, struct buffer *body)
{
	uint32_t len = buffer_len(body) + 12, head[2] = { type, len };
	bool good = fwrite(head, sizeof(head), 1, p->to) == 1 &&
		    fwrite(body->data + body->start, 1, buffer_len(body), p->to) == buffer_len(body) &&
		    fwrite(&len, sizeof(len), 1, p->to) == 1 && !fflush(p->to);

	buffer_clear(body);
	return good;
}

bool pcapng_begin(struct pcapng *p, FILE *to)
{
	struct buffer b = {};
	struct utsname host = {};
	char os[sizeof(host.sysname) + sizeof(host.release) + 1];

	*p = (struct pcapng){ .to = to };
	uname(&host);
	snprintf(os, sizeof(os), "%s %s", host.sysname, host.release);
	put_word(&b, MAGIC);
	put_word(&b, VERSION_1_0);
	put_word(&b, UINT32_MAX);	/* its length is not known */
	put_word(&b, UINT32_MAX);
	put_text(&b, OPTION_SECTION_HARDWARE, host.machine);
	put_text(&b, OPTION_SECTION_OS, os);
	put_text(&b, OPTION_SECTION_APPLICATION, "xring " XRING_VERSION);
	put_option(&b, OPTION_END, NULL, 0);
	return block_write(p, BLOCK_SECTION, &b);
}

/* The number of the interface, which is described when it is first seen. False: there is no room for it. */
static bool interface_get(struct pcapng *p, const char *name, unsigned *ret)
{
	const uint8_t resolution = NANOSECONDS;
	struct buffer b = {};

	for (*ret = 0; *ret < p->interface_count; (*ret)++)
		if (!strncmp(p->interfaces[*ret], name, sizeof(p->interfaces[0]) - 1))
			return true;
	if (*ret == PCAPNG_INTERFACES)
		return false;
	snprintf(p->interfaces[p->interface_count++], sizeof(p->interfaces[0]), "%s", name);
	put_word(&b, ETHERNET);
	put_word(&b, 0);		/* no limit to what is kept of a packet */
	put_text(&b, OPTION_INTERFACE_NAME, name);
	put_option(&b, OPTION_INTERFACE_RESOLUTION, &resolution, sizeof(resolution));
	put_text(&b, OPTION_INTERFACE_OS, "Linux");
	put_option(&b, OPTION_END, NULL, 0);
	return block_write(p, BLOCK_INTERFACE, &b);
}

bool pcapng_put(struct pcapng *p, const struct pcapng_packet *packet)
{
	const uint32_t flags = INBOUND;
	uint8_t verdict[9] = { VERDICT_XDP };
	struct buffer b = {};
	unsigned interface;

	if (!interface_get(p, packet->interface, &interface))
		return false;
	memcpy(verdict + 1, &packet->verdict, sizeof(packet->verdict));
	put_word(&b, interface);
	put_time(&b, packet->at_ns);
	put_word(&b, packet->bytes_len);
	put_word(&b, packet->len);
	put(&b, packet->bytes, packet->bytes_len);
	put_text(&b, OPTION_COMMENT, packet->comment);
	put_option(&b, OPTION_PACKET_FLAGS, &flags, sizeof(flags));
	put_option(&b, OPTION_PACKET_ID, &packet->number, sizeof(packet->number));
	put_option(&b, OPTION_PACKET_QUEUE, &packet->queue, sizeof(packet->queue));
	put_option(&b, OPTION_PACKET_VERDICT, verdict, sizeof(verdict));
	put_option(&b, OPTION_END, NULL, 0);
	return block_write(p, BLOCK_PACKET, &b);
}

bool pcapng_end(struct pcapng *p, uint64_t at_ns, uint64_t lost)
{
	struct buffer b = {};
	bool good = true;

	/* Nobody knows at which interface they were lost: the first stands for all. */
	for (unsigned i = 0; i < p->interface_count && good; i++) {
		const uint64_t here = i ? 0 : lost;

		put_word(&b, i);
		put_time(&b, at_ns);
		put_option(&b, OPTION_STATISTICS_LOST, &here, sizeof(here));
		put_option(&b, OPTION_END, NULL, 0);
		good = block_write(p, BLOCK_STATISTICS, &b);
	}
	return good;
}
