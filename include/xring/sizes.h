/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_SIZES_H
#define XRING_ABI_SIZES_H

/*
 * How many elements the maps have in the object file. When the daemon makes the maps, it
 * sets other numbers of cells, spills, backends and pins where `limits` in the configuration
 * asks for them, and as many lines as the networks need.
 */
#define XRING_CELLS    (33u << 18)	/* 66 MiB: 512 rings of 16 x 150 points, both tables */
/* At most 15% of the cells of a table spill, mostly 2 to 6%; and old ones of moving cells. */
#define XRING_SPILLS_FOR(cells) ((cells) / 13 + !((cells) / 13))
#define XRING_SPILLS   XRING_SPILLS_FOR(XRING_CELLS)
#define XRING_BACKENDS 16384u		/* ids; an id has 15 bits */
#define XRING_PINS     (1u << 20)	/* flows */
#define XRING_SYNS     (1u << 17)	/* of TCP handshakes that are under way, two each */
#define XRING_FRAGMENTS 16384u		/* datagrams in fragments that are under way */
#define XRING_CLASSES  16384u		/* classes of clients, of all services together */
#define XRING_ROUTES   2048u		/* records of rings and rules, of services with rules */
#define XRING_PLACED   8192u		/* counters by rule and region */
#define XRING_LINES    (1u << 14)	/* lines of prefix tables: room for 9,000 networks */
#define XRING_MACS     4096u		/* MAC addresses of this host */
#define XRING_VLANS    16384u		/* VLANs at interfaces */
#define XRING_HOMES    32768u		/* client networks counted by ingress */

/* Sizes that are part of a layout: no option changes them. */
#define XRING_TABLES   4096u		/* services by number, from 1: so many bits a word of heat has */
#define XRING_INGRESSES    16u		/* ingresses: interfaces that rules tell apart */
#define XRING_CPUS     1024u		/* CPUs that can count keys */
#define XRING_VIP_BITS 15
#define XRING_VIP_SLOTS (1u << XRING_VIP_BITS)	/* in one half of the VIP table */
#define XRING_VIPS_MAX (XRING_VIP_SLOTS * 2 / 5)	/* entries that a table of them always holds */
#define XRING_SHAPES   64u		/* of entries for networks and blocks of ports, in one half */
#define XRING_SHAPES_MAX (XRING_SHAPES / 2)	/* of a configuration; the last one's may be there beside */
#define XRING_NAME_MAX 63		/* bytes of the name of a service or backend */

#endif
