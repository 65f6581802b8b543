/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_CHECK_H
#define XRING_CORE_MODEL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* Rows of the table in check_text.c; those that no other code names need no name here. */
enum check_kind {
	CHECK_NONE,
	CHECK_TCP,			/* a handshake */
	CHECK_HTTP,
	CHECK_HTTPS,			/* the certificate is not verified */
	CHECK_ICMP,			/* echo */
};

/* How the health of a service's backends is checked. */
struct check {
	enum check_kind kind;
	uint16_t port;			/* 0: the backend's, or the VIP's */
	uint32_t interval_ms;
	uint32_t timeout_ms;
	uint32_t rise;			/* good results in a row that bring one up */
	uint32_t fall;			/* bad ones that bring one down */
	uint32_t jitter;		/* thousandths of the interval, either way */
	char path[256];			/* HTTP: of the request */
	char host[256];			/* HTTP: the Host header; empty: the address */
	uint16_t status_min;		/* HTTP: what is good, 200 to 399 by default */
	uint16_t status_max;
};

bool check_equal(const struct check *a, const struct check *b);

#endif
