/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_RULES_H
#define XRING_DAEMON_DOCTOR_RULES_H

/*
 * One function for each row of the table in doctor.c. It reads facts, asks nobody, and adds what it
 * finds under the id of its row; it adds nothing where what it wants to know is unknown, or says so
 * where an operator would want to know that it is.
 */
struct facts;
struct findings;

#define RULES(X)                                                                                   \
	X(kernel) X(bpffs) X(privileges) X(memory) X(jit) X(clock) X(firewall)                     \
	X(interface) X(link) X(replies) X(driver) X(mode) X(redirect_target) X(lro) X(vlan_offload) X(tx_checksum) X(mtu) X(stack) \
	X(other_program) X(queues) X(rss) X(irq) X(numa) X(rings)                                  \
	X(forwarding) X(rp_filter) X(neighbours) X(vip_local) X(limits) X(rx)

#define RULE_DECLARATION(name) \
	void rule_##name(const char *id, const struct facts *facts, struct findings *to);
RULES(RULE_DECLARATION)
#undef RULE_DECLARATION

#endif
