/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_FIREWALL_H
#define XRING_DAEMON_NET_FIREWALL_H

#include <stddef.h>

/*
 * A chain of nftables (which iptables-nft writes, too) at the input or output of this host that drops
 * what none of its rules accepts: "inet filter input". Empty: there is none, or that cannot be known.
 */
const char *firewall_drops(char *ret, size_t size);

#endif
