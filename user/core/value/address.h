/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_ADDRESS_H
#define XRING_CORE_VALUE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Addresses and VIPs, from text and to text. A parser takes the whole text: it returns 0,
 * or -EINVAL with *ret untouched. The WANT_ text says in a message what was wanted instead.
 * A printer fills a buffer of the named size and returns the buffer.
 */
struct address {
	int family;			/* AF_INET or AF_INET6; 0: none */
	uint8_t bytes[16];		/* IPv4 in the first 4, the rest 0 */
};

struct vip {
	struct address address;
	uint16_t port;			/* host byte order; 0: any port */
	uint8_t protocol;		/* IPPROTO_TCP or IPPROTO_UDP */
};

#define WANT_ADDRESS "an IPv4 or IPv6 address"
#define WANT_ENDPOINT "ADDRESS or ADDRESS:PORT, an IPv6 address with a port in brackets"
#define WANT_VIP "ADDRESS:PORT/tcp or /udp, an IPv6 address in brackets, port 0 for any"

#define ADDRESS_TEXT 48
#define ENDPOINT_TEXT 56
#define VIP_TEXT 64

bool address_equal(const struct address *a, const struct address *b);
bool vip_equal(const struct vip *a, const struct vip *b);

int address_parse(const char *text, struct address *ret);
/* *ret_port 0: no port given */
int endpoint_parse(const char *text, struct address *ret, uint16_t *ret_port);
/* Of a flow: the port must be given, and may be 0. */
int flow_end_parse(const char *text, struct address *ret, uint16_t *ret_port);
int vip_parse(const char *text, struct vip *ret);

const char *address_print(const struct address *a, char buf[ADDRESS_TEXT]);
const char *flow_end_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT]);
const char *endpoint_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT]);
const char *vip_print(const struct vip *vip, char buf[VIP_TEXT]);

#endif
