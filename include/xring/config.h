/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_CONFIG_H
#define XRING_ABI_CONFIG_H

#include <linux/types.h>

#include <xring/sizes.h>

/*
 * The one element of the map xring_config, where a daemon of any version looks what layout
 * the maps have. The datapath does not read it.
 */
struct xring_layout {
	__u32 abi;			/* XRING_ABI of the daemon that wrote the maps */
	__u32 pad;
};

/* What the daemon tells the datapath as a whole. It stands before the VIP table (xring/vip.h). */
#define XRING_HASH_KEYS 12
#define XRING_SILENT_MS 10000u		/* a daemon that says nothing for so long does not live */
/*
 * The bit of a port (network byte order) in xring_config.sources, of which the low 6 bits count:
 * 1,024 ports share one.
 */
#define XRING_SOURCE_BIT(port) ((port) >> 2)
/*
 * Why the host may not forward an IPv4 packet that comes from a VIP, as replies of mode nat do once they
 * are rewritten: rp_filter is 1 (strict) or 2 (loose) at an interface with the program, or such a VIP is the
 * host's own.
 */
#define XRING_REPLIES_STRICT 1u
#define XRING_REPLIES_LOOSE  2u
#define XRING_REPLIES_OWN    4u
/* Some device of the host is over others: replies ask for the one that sends (XRING_VLAN_SENDER). */
#define XRING_REPLIES_STACKED 8u
struct xring_config {
	__u32 replies;			/* XRING_REPLIES_STRICT and the others */
	__u32 window;			/* of struct xring_heat; 0: no window is open */
	/*
	 * Which half of the VIP table is live and how to search it, in one store: the seed
	 * of hash_vip() in bits 0 to 31, above it XRING_VIPS_HALF and the others.
	 */
	__u64 vips;
	/*
	 * By source port (XRING_SOURCE_BIT): may a packet from that port come from the VIP of a
	 * service? No VIP is missing here; after a change, some that have gone stay until the next.
	 */
	__u64 sources;
	/*
	 * MAC addresses of this host (XRING_MAC_WORD()), those of its first interfaces in the
	 * configuration, or twice that of the only one; xring_macs has all. Frames to others pass. The
	 * first is 0: frames to any MAC are taken, as the addresses are not known yet. It is
	 * XRING_MAC_NONE where each frame has to be looked at, as some interface takes tagged frames
	 * alone (XRING_VLAN_ONLY).
	 */
	__u64 macs[2];
	__u64 hash_key[XRING_HASH_KEYS];	/* hash_expand() of the configuration's key */
	__u64 clock;			/* ns that the datapath adds to the time; for tests */
	/*
	 * Written by the datapath: when a pin last found no room, ns. For as long as a second
	 * new flows go where they need no pin.
	 */
	__u64 full;
	/* When the daemon last attached the program, ns: flows may come back from another way. */
	__u64 attached;
	/*
	 * When the daemon last said that it lives, ns; 0: it never does. Each second; and before it
	 * changes an answer, when the maps say of all earlier changes what was due by then.
	 */
	__u64 alive;
	__u64 ingresses[XRING_INGRESSES];	/* ingress: interface index (32) | number, 1 and up (32) */
} __attribute__((aligned(64)));

#endif
