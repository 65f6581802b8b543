/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_EXPECT_PARTS_H
#define XRING_EXPECT_PARTS_H

/* What the files of the independent model (expect.h) share: a packet as it is read, and what becomes of one. */
#include "expect.h"

#define ETH 14

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline void put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

enum part { WHOLE, FIRST, LATER };

struct ip {
	int family;
	size_t at, next, len;		/* in the frame; bytes of the packet */
	uint8_t src[16], dst[16], proto;
	enum part part;
	uint32_t id;
	bool too_deep;			/* more extension headers than are walked */
};

struct flow {
	int family;
	uint8_t src[16], dst[16], proto;
	uint32_t ports;			/* as in the packet */
	bool opens;
};

struct packet {
	struct ip ip, quoted;		/* quoted.family 0: none is */
	struct flow flow;
	bool hidden;			/* the ports are not known */
	bool malformed;
};

enum kind { NOT_OURS, PING, OURS };

/* Of an untagged frame. */
enum kind packet_read(const struct frame *f, struct packet *p);
bool is_extension(uint8_t type);
bool is_ping(const struct frame *f, const struct ip *ip);

/*
 * What becomes of the frame, the verdict: on the way to a backend of a service, or as an answer to its
 * sender (*answered).
 */
struct backend;
uint32_t expect_forward(const struct packet *p, const struct expect_service *s, const struct backend *to,
			struct frame *f, bool *answered);
void expect_echo(struct frame *f, const struct ip *ip);

#endif
