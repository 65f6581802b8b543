/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_PCAPNG_H
#define XRING_CLI_COMMON_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Packets as a file that tcpdump and Wireshark read (PCAP Next Generation,
 * draft-ietf-opsawg-pcapng): Ethernet frames that came in, each with its verdict by XDP.
 */
#define PCAPNG_INTERFACES 64

struct pcapng {
	FILE *to;
	char interfaces[PCAPNG_INTERFACES][32];
	unsigned interface_count;
};

struct pcapng_packet {
	const char *interface;		/* at which it came in */
	uint32_t queue;
	uint64_t at_ns;			/* since 1970 */
	uint64_t number;
	const uint8_t *bytes;
	uint32_t bytes_len;		/* of them here */
	uint32_t len;			/* of the whole frame */
	uint64_t verdict;		/* enum xdp_action */
	const char *comment;
};

/* False of each: it could not be written. */
bool pcapng_begin(struct pcapng *p, FILE *to);
bool pcapng_put(struct pcapng *p, const struct pcapng_packet *packet);
/* lost: packets that should have been here. */
bool pcapng_end(struct pcapng *p, uint64_t at_ns, uint64_t lost);

#endif
