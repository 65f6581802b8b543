/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MODE_H
#define XRING_CORE_MODEL_MODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How packets reach a backend, and how its replies reach the client: rows of the table in
 * mode.c. Those that no other code names need no name here.
 */
enum mode {
	MODE_NAT,			/* the destination is rewritten, and the reply's source */
	MODE_L2,			/* MAC addresses alone are rewritten (direct return) */
	MODE_IPIP,			/* an outer IPv4 or IPv6 header (direct return) */
};

int mode_parse(const char *text, enum mode *ret);	/* -EINVAL */
const char *mode_print(enum mode mode);
const char *mode_word(size_t i);	/* the i-th of all words; NULL: there are not so many */
const char *mode_want(void);		/* "nat, l2 or ipip" */

/*
 * Do replies come back through the balancer? Then each backend has an entry in the VIP
 * table, by which they are known, and the host must forward packets.
 */
bool mode_replies_return(enum mode mode);

/* Must a backend be on one link with the balancer, not behind a gateway? */
bool mode_needs_link(enum mode mode);

#endif
