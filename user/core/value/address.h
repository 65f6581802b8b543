/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_VALUE_ADDRESS_H
#define XRING_CORE_VALUE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Addresses, from text and to text. A parser takes the whole text: it returns 0,
 * or -EINVAL with *ret untouched. The WANT_ text says in a message what was wanted instead.
 * A printer fills a buffer of the named size and returns the buffer.
 */
struct address {
	int family;			/* AF_INET or AF_INET6; 0: none */
	uint8_t bytes[16];		/* IPv4 in the first 4, the rest 0 */
};

#define WANT_ADDRESS "an IPv4 or IPv6 address"
#define WANT_ENDPOINT "ADDRESS or ADDRESS:PORT, an IPv6 address with a port in brackets"

#define ADDRESS_TEXT 48
#define ENDPOINT_TEXT 56

bool address_equal(const struct address *a, const struct address *b);
/* Neither the unspecified address, nor a multicast or broadcast address. */
bool address_is_unicast(const struct address *a);
/*
 * Why no packet to such an address comes to another host: a loopback address, one that is an IPv4
 * address only inside of a host (RFC 4291, 2.5.5.2), and one that means something else on each link
 * (RFC 4291, 2.5.6; of IPv4, RFC 3927 has such, too, but routes may lead there). NULL: one may.
 */
const char *address_stays_here(const struct address *a);

int address_parse(const char *text, struct address *ret);
/* *ret_port 0: no port given */
int endpoint_parse(const char *text, struct address *ret, uint16_t *ret_port);
/* Of a flow: the port must be given, and may be 0. */
int flow_end_parse(const char *text, struct address *ret, uint16_t *ret_port);

const char *address_print(const struct address *a, char buf[ADDRESS_TEXT]);
const char *flow_end_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT]);
const char *endpoint_print(const struct address *a, uint16_t port, char buf[ENDPOINT_TEXT]);

#endif
