/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_WHY_PACKET_H
#define XRING_CLI_WHY_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame, made as it is described in words. */
struct why;

#define PACKET_MOST 9000		/* bytes of the frame */

struct packet_words {
	const char *protocol;		/* tcp or udp */
	const char *from, *to;		/* ADDRESS:PORT */
	bool syn, ack, fin, rst;	/* flags of TCP; with none of them it is ACK */
	const char *len;		/* bytes of the IP packet; NULL: its headers alone */
	const char *ttl;		/* NULL: 64 */
	const char *vlan;		/* ID[,ID], the outer one first; NULL: no tag */
	const char *fragment;		/* OFFSET[,more], in bytes; NULL: it is whole */
	const char *icmp_error;		/* unreachable, too-big or ttl: such an error about the flow; or NULL */
	bool options;			/* with an IP option, or an extension header */
};

/*
 * Makes the frame, with its checksums; the MAC addresses are for whoever sends it to fill in. Returns 0, or -EINVAL
 * with *why.
 */
int packet_make(const struct packet_words *words, uint8_t ret[PACKET_MOST], size_t *ret_len,
		struct why *why);

#endif
