/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_H
#define XRING_ABI_H

#include <linux/types.h>

#include <xring/counters.h>

/*
 * What the datapath and the daemon share: the values of the maps. Every map is
 * pinned by name and outlives the daemon; a change of any layout here raises
 * XRING_ABI. Fields of a __be type are in network byte order, all others in the
 * host's.
 */
#define XRING_ABI 2

/* Compiled-in sizes; the daemon may choose others when it makes the maps. */
#define XRING_CELLS    (33u << 19)	/* 132 MiB: 512 rings of 16 x 150 points, both tables */
#define XRING_BACKENDS 16384u		/* ids; 15 bits are the most */
#define XRING_SPILLS   (XRING_CELLS / 36)	/* 2.7% of a table's cells are the most there can be */
#define XRING_PINS     (1u << 20)	/* flows */
#define XRING_SYNS     (1u << 16)	/* flows whose handshake is under way */
#define XRING_CLASSES  16384u	/* of clients, all services together */
#define XRING_ROUTES   2048u	/* rings and rules of services that tell clients apart */
#define XRING_PLACED   8192u	/* counters by rule and region */
#define XRING_LINES    (1u << 14)	/* of prefix tables: nine thousand networks */
#define XRING_HOMES    32768u	/* client networks whose entrances are counted */
#define XRING_TABLES   4096u	/* services that have prefix tables: by their numbers */
#define XRING_DOORS    16u	/* interfaces that are told apart */
#define XRING_CPUS     1024u	/* that can count hot keys; the daemon gives each that is there a map */
#define XRING_VIP_BITS 15
#define XRING_VIP_SLOTS (1u << XRING_VIP_BITS)	/* in one half of the VIP table */
#define XRING_NAME_MAX 63		/* bytes of a service's or backend's name */

/*
 * A cell: 1/2^k of the circle of 32-bit hashes, one 64-bit word.
 *
 *     owner = hash < split ? before : after
 *
 * XRING_SPILL as both of them says that the cell holds more than one split
 * and that `split` is the index of a spill bucket. Bit 15 of `before` and of
 * `after` are flags.
 *
 * A ring is two tables of 2^k cells, one behind the other: the newest answers, and
 * the old ones, which count only where the newest cell is MOVING. Both flags of a
 * newest cell are 0 in the steady state (bpf/pins.h has the rule).
 */
struct xring_cell {
	__u32 split;
	__u16 before;
	__u16 after;
};

#define XRING_ID_MASK 0x7fffu
#define XRING_SPILL   0x7fffu		/* not an id: the largest id is one less */
#define XRING_FLAG    0x8000u
#define XRING_BEFORE_FLAG (1ULL << 47)
#define XRING_AFTER_FLAG  (1ULL << 63)
/* Of a newest cell: a change has touched it less than one settle time ago. */
#define XRING_MOVING XRING_BEFORE_FLAG
/* Of a newest cell: a pinned flow lives in it whose pin is not the newest answer. */
#define XRING_LOOK   XRING_AFTER_FLAG
/* Of an old cell: UDP flows without a pin are new ones by now. */
#define XRING_UDP_NEW XRING_BEFORE_FLAG
/* Of an old cell: a flow found no room for its pin, the old answer must stay. */
#define XRING_HELD    XRING_AFTER_FLAG

/* owner[i] owns the hashes from split[i - 1] on; unused splits are ~0. */
#define XRING_SPILL_POINTS 5
struct xring_spill {
	__u32 split[XRING_SPILL_POINTS];
	__u16 owner[XRING_SPILL_POINTS + 1];
};

/* How a backend is reached. */
enum xring_kind {
	XRING_NONE,			/* id without a backend */
	XRING_UNRESOLVED,		/* its next hop is not known (yet) */
	XRING_L2,			/* direct return: MAC addresses only */
	XRING_NAT4,
	XRING_NAT6,
	XRING_IPIP4,			/* outer header IPv4 (RFC 2003, RFC 4213) */
	XRING_IPIP6,			/* outer header IPv6 (RFC 2473) */
};

/*
 * The headers of one backend, ready-made. `ip` holds the outer IPv4 or IPv6
 * header without its length and next protocol; of an IPv4 one the checksum
 * field holds the plain folded sum of the other words. For nat it starts with
 * the new destination (struct xring_nat).
 */
struct xring_template {
	__u32 ifindex;
	__u16 mtu;			/* bytes of IP packet that fit behind these headers */
	__u8 kind;			/* enum xring_kind */
	__u8 live;			/* of the first template alone: which one is */
	__u8 eth[14];			/* Ethernet header, type of the outer packet */
	__u16 generation;		/* of its id: 0 while it is dead, then nothing is kept there */
	__u8 ip[40];
} __attribute__((aligned(8)));

struct xring_nat {
	__be32 addr[4];			/* IPv4 in addr[0] */
	__be16 port;			/* 0: the packet's own */
};

/*
 * Two templates a backend: the daemon writes the idle one and then t[0].live,
 * one store, so that no packet sees half a template.
 */
struct xring_backend {
	struct xring_template t[2];
};

/*
 * Who has an id, and how that backend stands: for the daemon's next life alone,
 * the datapath never reads it. Times are CLOCK_MONOTONIC, ns; 0 is never.
 */
struct xring_owner {
	char service[XRING_NAME_MAX + 1];	/* empty: the id is free */
	char backend[XRING_NAME_MAX + 1];
	__be32 addr[4];			/* IPv4 in addr[0] */
	__u16 port;			/* host byte order; 0: the VIP's */
	__u8 family;			/* AF_INET or AF_INET6 */
	__u8 health;			/* enum health_state of the daemon */
	__u32 generation;		/* of the id, counted up for each life of its backend */
	__u64 health_since;
	__u64 drain_until;		/* then its flows are cut */
	__u64 ramp_from;		/* it came back then, and gains its weight since */
	__u64 joined;			/* 0: it was there when its service began */
};

/* Per CPU and backend. */
struct xring_traffic {
	__u64 packets;
	__u64 bytes;			/* of frames as they came in */
	__u64 flows;			/* TCP: SYN without ACK seen; UDP: always 0 */
};

/* What a slot of the VIP table says. */
enum xring_slot_kind {
	XRING_SLOT_EMPTY,
	XRING_SLOT_SERVICE4,		/* found by destination */
	XRING_SLOT_SERVICE6,
	XRING_SLOT_REPLY4,		/* found by source: a nat backend's replies */
	XRING_SLOT_REPLY6,
};

/*
 * A service's VIP (what is hashed, which ring), or the VIP that the replies of
 * a nat backend are to carry. A key is the 5-tuple under masks, so that no
 * partition key costs a branch: src (16 bytes, IPv4 in the first 4), dst (all
 * or nothing), and the ports word (XRING_PORTS).
 */
struct xring_slot {
	__be32 addr[4];			/* IPv4 in addr[0] */
	__u32 port;			/* XRING_SLOT_PORT() */
	__u32 ring_base;		/* first cell */
	union {
		struct {
			__u64 src_mask[2];
			__u64 dst_mask;
			__u64 ports_mask;	/* 40 bits; above: XRING_SLOT_NUMBER */
			__u8 ring_shift;	/* 32 - k */
			__u8 flags;		/* XRING_SERVICE_PASS and the like */
			__u16 udp_idle;		/* tenths of a second */
			__u32 tcp_idle;		/* ms */
		};
		struct {
			__be16 vip_port;	/* 0: the packet's own */
			__u16 pad2;
			__be32 vip_addr[4];
		};
	};
};

/* Of a service's slot. */
#define XRING_SERVICE_PASS  1u		/* without a backend: pass to the host */
#define XRING_SERVICE_HOT   2u		/* some keys have an entry of their own (xring_hot) */
#define XRING_SERVICE_BOUND 4u		/* new flows keep off backends that are over their bound */
#define XRING_SERVICE_STRICT 8u		/* its placement has constraints: it fails closed */
#define XRING_SERVICE_RULES 16u		/* its clients are told apart: ring_base is its class */
/* The service's number, 1 and up: what no packet's ports reach of their mask. */
#define XRING_SLOT_NUMBER 40

/* Whose packet: the 5-tuple. IPv4 in src[0] and dst[0], the rest 0. */
struct xring_flow {
	__be32 src[4];
	__be32 dst[4];
	__u32 ports;			/* as in the packet: source, destination */
	__u8 proto;
	__u8 family;			/* 4 or 6 */
	__u16 pad;
};

/* Where a flow is kept while its cell's answer changes. */
struct xring_pin {
	__u16 backend;			/* id */
	__u16 generation;		/* of the id; another one there: the pin is void */
	__u32 seq;			/* TCP: the sequence number expected next */
	__u32 hash;			/* on the flow's newest path, when it was made */
	__u32 state;			/* XRING_PIN_CLOSING and the like */
	__u64 seen;			/* CLOCK_MONOTONIC, ns: its last packet */
};

#define XRING_PIN_CLOSING 1u		/* FIN or RST seen, in sequence */
#define XRING_PIN_CONFIRMED 2u		/* of a SYN that found no room among the pins since */
#define XRING_CLOSING_MS 60000u		/* the idle time of such a pin, at most */
#define XRING_PIN_DATA_SHIFT 16		/* of a SYN: bytes of data it had (TCP Fast Open) */

/*
 * How often which key is seen, by CPU: a sketch of one row (HeavyKeeper, Gong et al.,
 * USENIX ATC 2018). The daemon opens a window, closes it some ms later, reads what was
 * counted and clears it. A word is
 *
 *     print (32) | number of the service (12) | count (20)
 *
 * and stands at XRING_HEAT_PLACE(). The window is a random number, so that two keys which
 * share a place share none in the next window. Beside each word a packet of its key, one
 * of each 32 that it counted, from the fourth on.
 */
#define XRING_HEAT_BITS 12
#define XRING_HEAT_WORDS (1u << XRING_HEAT_BITS)
#define XRING_HEAT_COUNT_BITS 20
#define XRING_HEAT_COUNT ((1u << XRING_HEAT_COUNT_BITS) - 1)
#define XRING_HEAT_NUMBER 0xfffu
#define XRING_HEAT_PRINT(hash, number) ((__u32)((hash) + (number) * 0x85ebca6bu))
#define XRING_HEAT_PLACE(print, window) \
	((((print) ^ (window)) * 0x9e3779b1u) >> (32 - XRING_HEAT_BITS))
/* What a word says above its count. */
#define XRING_HEAT_OWNER(print, number) ((__u64)(print) << 12 | ((number) & XRING_HEAT_NUMBER))
#define XRING_HEAT_SAMPLE(count) (((count) & 31) == 4)

struct xring_heat_key {
	struct xring_flow flow;
	__u32 number;			/* of the service */
	__u32 hash;			/* of the partition key */
};

struct xring_heat {
	__u64 random;			/* of a linear congruential generator */
	__u64 pad[7];
	__u64 word[XRING_HEAT_WORDS];
	struct xring_heat_key key[XRING_HEAT_WORDS];
};

/*
 * Keys that are not answered as the ring says: split over sub-keys, or given to one
 * backend. A table of buckets; a key is in the bucket of XRING_HOT_BUCKET(), in any
 * place of it. An answer of 0 is a free place.
 *
 *     newest: shards (14) backend (15) | old: shards (14) backend (15) | flags
 *
 * Neither shards nor a backend: as the ring says. MOVING and its flags are those of a
 * cell and of its old word (bpf/pins.h): for one settle time from the first change
 * `old` is where the key's flows were before it.
 */
#define XRING_HOT_BUCKETS 4096u
#define XRING_HOT_WAYS 4u
#define XRING_HOT_KEYS 1024u		/* at the most; a bucket then is hardly ever full */
#define XRING_HOT_BUCKET(hash, number) \
	(((hash) ^ (number) * 0x9e3779b1u) & (XRING_HOT_BUCKETS - 1))
#define XRING_HOT_SHARDS 0x3fffu
#define XRING_HOT_SIDE(shards, backend) ((__u64)(shards) | (__u64)(backend) << 14)
#define XRING_HOT_SIDE_MASK ((1ULL << 29) - 1)
#define XRING_HOT_OLD 29		/* bits below the old side */
#define XRING_HOT_MOVING  (1ULL << 60)
#define XRING_HOT_UDP_NEW (1ULL << 61)
#define XRING_HOT_HELD    (1ULL << 62)
#define XRING_HOT_THERE   (1ULL << 63)

struct xring_hot {
	struct {
		__u32 hash;		/* of the partition key */
		__u32 number;		/* of the service */
		__u64 answer;
	} key[XRING_HOT_WAYS];
};

/* Of one side of an answer. */
static inline __u32 xring_hot_shards(__u64 side)
{
	return side & XRING_HOT_SHARDS;
}

static inline __u32 xring_hot_backend(__u64 side)
{
	return side >> 14 & XRING_ID_MASK;
}

/*
 * Both halves of the VIP table, as one value: a place in it then costs a mask and
 * an add, where an element of an array costs a bounds check and more.
 */
struct xring_vips {
	struct xring_slot slot[2 * XRING_VIP_SLOTS];
};

/* be: port in network byte order, 0 for any. Compared as one word. */
#define XRING_SLOT_PORT(be, proto, kind)                                       \
	((__u32)(be) | (__u32)(proto) << 16 | (__u32)(kind) << 24)
/* Source port, destination port (network byte order) and protocol, for hashing. */
#define XRING_PORTS(sport, dport, proto)                                       \
	((__u64)(sport) | (__u64)(dport) << 16 | (__u64)(proto) << 32)

/*
 * By backend, 64 bits each: its load, in thousandths of what it may have before new flows
 * keep off it.
 */
#define XRING_LOAD_FULL 1000u
#define XRING_SHED_ATTEMPTS 4u

/*
 * A class of a service's clients: those that one ring answers. The service's own (its
 * slot's ring_base) is for clients that no prefix names; the others are found by the
 * service's prefix tables (XRING_LINE_ROOTS), where a class's index is a prefix's value. Where
 * the entrance of a packet matters (DOORS), the class of the door by which it came in is
 * that many places behind.
 *
 *     newest: MOVING HOME DOORS STRICT | counter (15) | allowed (6) | shift (5) | base (32)
 *     old:    UDP_NEW HELD | allowed (6) | shift (5) | base (32)
 *
 * MOVING and the flags of the old word are those of a cell: for one settle time from the
 * first change on `old` is the ring of before it. allowed is the bit of the ring's rule
 * in a backend's place.
 */
struct xring_class {
	__u64 newest;
	__u64 old;
	__u8 home_bits[2];		/* of HOME: how long a client's network is */
	__u8 places;			/* of the first: classes by door, and itself */
	__u8 pad;
	__u32 number;			/* of the service; 0: nobody's. These two for the daemon */
	__u64 pad2;
};

/*
 * Prefix tables (include/xring/lpm.h) are all in one map, which has room for as many
 * networks as there were when it was made. Its first lines are their roots, so that they
 * and what they name are always of one map: IPv4's and IPv6's of each service by its number.
 * Lines are counted from behind them.
 */
#define XRING_LINE_ROOTS (2 * XRING_TABLES / 16)
#define XRING_LINE_ROOT(number, six) (2 * (number) + (six))	/* word, from the first on */

#define XRING_CLASS_RING(base, shift) ((__u64)(base) | (__u64)(shift) << 32)
#define XRING_CLASS_RING_MASK ((1ULL << 37) - 1)
#define XRING_CLASS_ALLOWED 37		/* bits below it */
#define XRING_PLACE_NOBODY 55	/* the bit of no backend's place */
#define XRING_CLASS_COUNTER 43
#define XRING_CLASS_COUNTER_MASK 0x7fffu
#define XRING_CLASS_STRICT (1ULL << 60)	/* no backend is one that its rule forbids */
#define XRING_CLASS_DOORS  (1ULL << 61)
#define XRING_CLASS_HOME   (1ULL << 62)	/* count where its clients enter */
#define XRING_CLASS_MOVING (1ULL << 63)
#define XRING_CLASS_UDP_NEW XRING_CLASS_HOME	/* these two of the old word */
#define XRING_CLASS_HELD    XRING_CLASS_MOVING

/* A ring of nobody: no backend has that bit. */
#define XRING_CLASS_NOBODY \
	(XRING_CLASS_STRICT | (__u64)XRING_PLACE_NOBODY << XRING_CLASS_ALLOWED)

static inline __u32 xring_class_base(__u64 word)
{
	return word;
}

static inline __u8 xring_class_shift(__u64 word)
{
	return word >> 32 & 31;
}

static inline __u32 xring_class_allowed(__u64 word)
{
	return word >> XRING_CLASS_ALLOWED & 63;
}

static inline __u32 xring_class_counter(__u64 word)
{
	return word >> XRING_CLASS_COUNTER & XRING_CLASS_COUNTER_MASK;
}

/*
 * By backend, 64 bits each: which rules allow it (bit 0 is of rings whose rule forbids
 * nobody, and set in each), and above them the number of its region.
 */
#define XRING_PLACE_REGION 56
#define XRING_PLACE_ALLOWED ((1ULL << XRING_PLACE_REGION) - 1)

/*
 * Per CPU: what the rings of rules sent where. A ring's counter is the index of what it
 * dropped as no backend was allowed; behind it one by region, 0 first.
 */
struct xring_placed {
	__u64 packets;
	__u64 bytes;
};

/* Where the clients of a network come in. */
struct xring_home_key {
	__u32 number;			/* of the service */
	__u8 family;			/* 4 or 6 */
	__u8 pad[3];
	__be32 addr[4];			/* IPv4 in addr[0], 0 beyond the network's bits */
};

struct xring_home {
	__u32 packets[XRING_DOORS];	/* one of XRING_HOME_EACH is counted, by door */
};
#define XRING_HOME_EACH 8u

/*
 * Which ring is where, and which counters are which rule's: for the daemon's next life
 * alone.
 */
struct xring_route {
	char service[XRING_NAME_MAX + 1];	/* empty: nothing is here */
	__u8 digest[16];		/* of the route, or of the rule */
	__u32 base;			/* of a ring */
	__u32 counter;			/* of a rule */
	__u8 shift;			/* of a ring */
	__u8 allowed;
	__u16 counters;			/* of a rule; 0: it is a ring */
	__u32 regions;			/* of a rule: which have those numbers, hashed */
};

/* The daemon's word to the datapath; one element. */
#define XRING_HASH_KEYS 12
struct xring_config {
	__u32 abi;
	__u32 window;			/* of struct xring_heat; 0: none is open */
	/*
	 * Which half of the VIP table is live and how to look into it, one store:
	 * bits 0-31 seed, 32 half, 33 some service has any port, 34 nat
	 * replies are to be looked for, 35 some nat service has any port.
	 */
	__u64 vips;
	__u64 hash_key[XRING_HASH_KEYS];	/* hash_expand() */
	__u64 clock;				/* ns, added to the time: for tests */
	__u64 doors[XRING_DOORS];	/* interface index (32) | its number, 1 and up (32) */
};

#define XRING_VIPS_HALF      (1ULL << 32)
#define XRING_VIPS_ANY_PORT  (1ULL << 33)
#define XRING_VIPS_REPLIES   (1ULL << 34)
#define XRING_VIPS_REPLY_ANY (1ULL << 35)

_Static_assert(sizeof(struct xring_cell) == 8, "a cell is one word");
_Static_assert(sizeof(struct xring_spill) == 32, "half a cache line");
_Static_assert(sizeof(struct xring_template) == 64, "one cache line");
_Static_assert(sizeof(struct xring_backend) == 128, "two cache lines");
_Static_assert(sizeof(struct xring_slot) == 64, "one cache line");
_Static_assert(sizeof(struct xring_owner) == 184, "no hidden padding");
_Static_assert(sizeof(struct xring_flow) == 40, "no hidden padding: it is a key");
_Static_assert(sizeof(struct xring_pin) == 24, "no hidden padding");
_Static_assert(sizeof(struct xring_heat_key) == 48, "no hidden padding");
_Static_assert(sizeof(struct xring_hot) == 64, "one cache line");
_Static_assert(sizeof(struct xring_class) == 32, "two a cache line");
_Static_assert(sizeof(struct xring_home_key) == 24, "no hidden padding: it is a key");
_Static_assert(sizeof(struct xring_route) == 96, "no hidden padding");

#endif
