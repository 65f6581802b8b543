/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_VIP_H
#define XRING_CORE_VALUE_VIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/value/address.h"
#include "core/value/prefix.h"

/*
 * A VIP: to where clients of a service send. An address or all addresses of a network; a port,
 * ports from one to another, or any; and a protocol.
 */
struct vip {
	struct address address;		/* or the first one of the network */
	uint16_t port;			/* host byte order; 0: any port */
	uint8_t protocol;		/* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t bits;			/* how many bits of the address the network has; 0: it is no network */
	uint16_t port_last;		/* of a range that begins with `port`; 0: it is no range */
};

#define WANT_VIP "ADDRESS:PORT/tcp or /udp, an IPv6 address in brackets, port 0 for any; " \
		 "also a network as 192.0.2.0/28, ports as 8000-8099"
#define VIP_TEXT 80

bool vip_equal(const struct vip *a, const struct vip *b);

/* Returns 0, or -EINVAL with *ret untouched. */
int vip_parse(const char *text, struct vip *ret);
const char *vip_print(const struct vip *vip, char buf[VIP_TEXT]);

/* The network of a VIP; of one address, with all bits of it. */
struct prefix vip_prefix(const struct vip *vip);

/* Is a packet to that address and port (host byte order) one for the VIP, if its protocol is? */
bool vip_takes(const struct vip *vip, const struct address *address, uint16_t port);

/* An address that the VIP has: of a network the first one that a host may have. */
struct address vip_host(const struct vip *vip);

/*
 * Ports from a multiple of their number on, which is a power of two: so that a mask tells
 * which ports they are.
 */
struct port_block {
	uint16_t first;			/* host byte order */
	uint8_t bits;			/* of a port, that may be any; 16: it is any port */
};
#define PORT_BLOCKS_MAX 30

/* The blocks of a VIP's ports, from the lowest, as few as there can be; returns how many. */
size_t vip_blocks(const struct vip *vip, struct port_block ret[PORT_BLOCKS_MAX]);
size_t vip_block_count(const struct vip *vip);

#endif
