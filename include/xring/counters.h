/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_COUNTERS_H
#define XRING_COUNTERS_H

/*
 * The counters of packets: X(index, name, help). There is one for each way in which a packet
 * can end, so that rx, their sum, can be compared with the driver's own count. The first
 * word of a name is the verdict. New counters are appended: the index is part of the layout
 * of the map xring_counters.
 */
#define XRING_COUNTERS(X)                                                      \
	X(TX,                "tx",                "sent back out of the interface it came from") \
	X(TX_REDIRECT,       "tx_redirect",       "sent out of another interface")     \
	X(TX_REPLY,          "tx_reply",          "nat replies sent on to their client") \
	X(PASS_OTHER,        "pass_other",        "neither TCP nor UDP over IPv4 or IPv6") \
	X(PASS_NO_SERVICE,   "pass_no_service",   "not for a service")                 \
	X(PASS_LOCAL_REPLY,  "pass_local_reply",  "from a nat backend to this host itself: answers to its checks, and to what it asked a VIP") \
	X(PASS_UNRESOLVED,   "pass_unresolved",   "nat replies left to the host, which resolves the next hop") \
	X(PASS_NO_FORWARDING, "pass_no_forwarding", "nat replies left to the host: IP forwarding is off on the interface") \
	X(DROP_MALFORMED,    "drop_malformed",    "for a service, but lengths disagree") \
	X(DROP_FRAGMENT,     "drop_fragment",     "for a service, but a fragment whose first was not seen, or said otherwise") \
	X(DROP_OPTIONS,      "drop_options",      "for a service, but behind more than eight extension headers") \
	X(PASS_VLAN,         "pass_vlan",         "of a VLAN, or of none, that no interface of the configuration takes") \
	X(DROP_ICMP_ERROR,   "drop_icmp_error",   "an ICMP error about a packet of a service, of which it quotes no ports") \
	X(DROP_TTL,          "drop_ttl",          "TTL or hop limit spent, and not answered")            \
	X(DROP_NO_BACKEND,   "drop_no_backend",   "the service has no backend with a weight") \
	X(DROP_NO_NEXT_HOP,  "drop_no_next_hop",  "the backend's next hop is not known") \
	X(DROP_TOO_BIG,      "drop_too_big",      "larger than the outgoing link's MTU, and not answered") \
	X(DROP_NO_HEADROOM,  "drop_no_headroom",  "the driver left no room for the outer header") \
	X(DROP_NO_ROUTE,     "drop_no_route",     "nat reply without a route to its client") \
	X(DROP_FAMILY,       "drop_family",       "nat between IPv4 and IPv6")       \
	X(PASS_NO_BACKEND,   "pass_no_backend",   "the service has no live backend, and all_down is pass") \
	X(DROP_RESIDENCY,    "drop_residency",    "no live backend satisfies the constraints of the service's placement") \
	X(DROP_MARTIAN,      "drop_martian",      "for a service, from an address that no host sends from, or from a VIP") \
	X(DROP_LOOP,         "drop_loop",         "from the very backend, in mode l2 or nat, that it would be sent to") \
	X(PASS_OTHER_MAC,    "pass_other_mac",    "to broadcast, to a group, or to a MAC address of another host") \
	X(TX_HAIRPIN,        "tx_hairpin",        "SYNs from one nat backend to another on its own link: the answer may not come back this way") \
	X(TX_TOO_BIG,        "tx_too_big",        "answered: larger than the outgoing link's MTU") \
	X(TX_TTL,            "tx_ttl",            "answered: TTL or hop limit spent") \
	X(TX_ECHO,           "tx_echo",           "echo requests for a VIP, answered") \
	X(DROP_ECHO,         "drop_echo",         "echo requests for a VIP, more than are answered") \
	X(PASS_TOO_BIG,      "pass_too_big",      "nat replies left to the host: larger than the link to their client") \
	X(DROP_UNRESOLVED,   "drop_unresolved",   "nat replies that wait for the MAC address of their next hop, which is asked for: the host would take them for forgeries") \
	X(PASS_STACKED,      "pass_stacked",      "nat replies left to the host: their route leads to a bridge, or to another device over others that is not resolved")

enum xring_counter {
#define X(id, name, help) XRING_CNT_##id,
	XRING_COUNTERS(X)
#undef X
	XRING_CNT_MAX
};

/*
 * What happened to packets whose path was open (bpf/pins.h); a packet may count several
 * times or never. New events are appended, as above.
 */
#define XRING_EVENTS(X)                                                        \
	X(LOOKS,     "looks",     "packets that looked for a pin")              \
	X(HITS,      "hits",      "packets that followed their pin")            \
	X(MADE,      "made",      "pins made for flows older than the change, and for UDP") \
	X(SYNS,      "syns",      "handshakes remembered until they are confirmed") \
	X(CONFIRMED, "confirmed", "handshakes confirmed by their sequence number: pins made") \
	X(VOID,      "void",      "pins found void: their backend was cut")     \
	X(FULL,      "full",      "packets whose flow found no room for a pin") \
	X(SHED,      "shed",      "handshakes that went elsewhere: their backend was over its bound") \
	X(OVER,      "over",      "handshakes that found every backend over its bound: the least bad one") \
	X(FORBIDDEN, "forbidden", "packets whose flow was where a rule of its client's forbids it: it is cut")

enum xring_event {
#define X(id, name, help) XRING_EVENT_##id,
	XRING_EVENTS(X)
#undef X
	XRING_EVENT_MAX
};

#endif
