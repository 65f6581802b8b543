/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_FRAME_H
#define XRING_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "fixture.h"

/*
 * Frames from layers, outermost first, with right lengths and checksums:
 *
 *     frame_of(&f, ETH, IP("10.1.0.2", "10.200.1.1"), TCP(5555, 80, SYN), DATA(100), END)
 *
 * Both families: IP() goes by its addresses.
 */
enum layer_kind {
	LAYER_END,
	LAYER_ETH,
	LAYER_VLAN,
	LAYER_IP,
	LAYER_EXT,			/* IPv6 extension header */
	LAYER_TCP,
	LAYER_UDP,
	LAYER_ICMP,			/* an error; what is quoted follows */
	LAYER_ECHO,
	LAYER_ARP,
	LAYER_DATA,
};

struct layer {
	enum layer_kind kind;
	const char *src, *dst;
	uint16_t sport, dport;
	uint8_t flags;
	uint32_t bytes;
	uint8_t ttl;			/* 0: 64 */
	uint8_t options;		/* IPv4: bytes of them, at most 40 */
	uint16_t id;			/* IPv4; 0: some */
	uint16_t fragment;		/* IPv4: the field; IPv6: adds a fragment header */
	uint8_t type;			/* of an extension header */
	uint8_t tos;
	bool no_checksum;		/* UDP: 0 */
};

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define IP_MF 0x2000
#define IP_DF 0x4000

#define ETH (struct layer){ LAYER_ETH }
#define VLAN (struct layer){ LAYER_VLAN }
#define IP(s, d, ...) (struct layer){ LAYER_IP, s, d, ##__VA_ARGS__ }
#define EXT(t) (struct layer){ LAYER_EXT, .type = t }
#define TCP(s, d, f) (struct layer){ LAYER_TCP, .sport = s, .dport = d, .flags = f }
#define UDP(s, d, ...) (struct layer){ LAYER_UDP, .sport = s, .dport = d, ##__VA_ARGS__ }
#define ICMP (struct layer){ LAYER_ICMP }
#define ECHO (struct layer){ LAYER_ECHO }
#define PING(i, n) (struct layer){ LAYER_ECHO, .sport = i, .dport = n }
#define ARP (struct layer){ LAYER_ARP }
#define DATA(n) (struct layer){ LAYER_DATA, .bytes = n }
#define END (struct layer){ LAYER_END }

void frame_build(struct frame *f, const struct layer *layers);
#define frame_of(f, ...) frame_build(f, (const struct layer[]){ __VA_ARGS__ })

/* Gives a TCP packet, untagged, of IPv4, a sequence number; its checksum is then wrong. */
void frame_number(struct frame *f, uint32_t seq);

/* Cuts an ICMP error, untagged and without options, to so many bytes, with right lengths and checksums. */
void frame_shorten(struct frame *f, size_t len);

/* Puts VLAN tags in front, each as type (16 bits) and VLAN (16); 0 is none. */
void frame_tag(struct frame *f, uint32_t outer, uint32_t inner);

/* What a frame holds, every length and checksum of it verified on the way. */
struct seen {
	const uint8_t *eth;
	int outer_family;		/* 0: no tunnel */
	char outer_src[48], outer_dst[48];
	uint8_t outer_ttl;
	int family;
	char src[48], dst[48];
	uint8_t ttl, protocol;
	uint16_t sport, dport;
	char quoted_src[48], quoted_dst[48];	/* by an ICMP error */
	uint16_t quoted_sport, quoted_dport;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_mtu;
	uint8_t tos, outer_tos;		/* traffic classes */
};
void frame_see(const struct frame *f, struct seen *ret);

#endif
