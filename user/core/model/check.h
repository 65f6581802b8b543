/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_CHECK_H
#define XRING_CORE_MODEL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The kinds of health checks: rows of the table in check_kinds.c. A kind that no other code
 * names needs no name here.
 */
enum check_kind {
	CHECK_NONE,
	CHECK_TCP,			/* completes a TCP handshake */
	CHECK_HTTP,
	CHECK_HTTPS,			/* like HTTP, through TLS */
	CHECK_ICMP,			/* sends an ICMP echo */
	CHECK_EXEC,			/* runs a program of this host */
	CHECK_AGENT,			/* no type of `check`: the backend's agent is asked (`agent`) */
};

#define CHECK_ARGS 256			/* bytes of a program's arguments, with a line feed after each */

/* How the health of a service's backends is checked, or their agents are asked. */
struct check {
	enum check_kind kind;
	uint16_t port;			/* 0: the backend's port, or else the VIP's */
	bool via_vip;			/* to the VIP, as clients' packets, not to the backend's address */
	uint32_t interval_ms;		/* from the start of one probe to the start of the next */
	uint32_t timeout_ms;		/* a probe that takes longer is a bad result */
	uint32_t rise;			/* good results in a row that bring a backend up */
	uint32_t fall;			/* bad results in a row that bring a backend down */
	uint32_t jitter;		/* thousandths of the interval: how much it varies */
	char path[256];			/* HTTP: the path of the request */
	char host[256];			/* HTTP: the Host header; empty: the address */
	uint16_t status_min;		/* HTTP: the range of good statuses; default 200 to 399 */
	uint16_t status_max;
	bool verify;			/* HTTPS: the certificate must be proven, for the name below */
	char ca[256];			/* HTTPS: the file of authorities; empty: the host's */
	char sni[256];			/* HTTPS: the name asked for; empty: that of `host` */
	char program[128];		/* EXEC: its path */
	char args[CHECK_ARGS];		/* EXEC: each ends in a line feed, which none contains */
};

bool check_equal(const struct check *a, const struct check *b);
/* Do both ask for the same, as often? Their ports, rise and fall may differ. */
bool check_alike(const struct check *a, const struct check *b);
/* Do both run the same program with the same arguments, or none at all? */
bool check_runs_same(const struct check *a, const struct check *b);
/* The port to connect to, where the backend has this one; 0: none. */
uint16_t check_port(const struct check *c, uint16_t backend);

#endif
