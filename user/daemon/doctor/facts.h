/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_FACTS_H
#define XRING_DAEMON_DOCTOR_FACTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What doctor judges by. A fact is a number or a text. A number is FACT_UNKNOWN, and a text empty,
 * where the kernel does not say; a truth is 0 or 1. The tables are read three ways: as members of the
 * structs below, and as keys of a JSON object that is written and read again (facts.c).
 */
struct why;

#define FACT_UNKNOWN (-1)
#define FACT_TEXT 128

#define HOST_FACTS(TEXT, NUMBER)                                                                   \
	TEXT(kernel)			/* its release, as uname(2) has it */                      \
	NUMBER(btf)			/* the kernel has type information of itself */            \
	NUMBER(cpus)			/* that are online */                                      \
	NUMBER(jit_enable)		/* net.core.bpf_jit_enable */                              \
	NUMBER(jit_harden)		/* net.core.bpf_jit_harden */                              \
	NUMBER(bpffs)			/* the directory for pins is on a bpffs */                 \
	TEXT(lacks)			/* capabilities that this process lacks */                 \
	NUMBER(memory_max)		/* bytes that the cgroup allows; 0: any */                 \
	NUMBER(memory_used)		/* bytes of the cgroup, of which the maps are a part */    \
	NUMBER(clock_synchronised)	/* as adjtimex(2) has it */                                \
	TEXT(firewall)			/* a chain of nftables that drops by policy */             \
	NUMBER(neighbours4)		/* entries of the IPv4 neighbour table */                  \
	NUMBER(neighbours4_max)		/* net.ipv4.neigh.default.gc_thresh3 */                    \
	NUMBER(neighbours6)                                                                        \
	NUMBER(neighbours6_max)

/* Of the model, and of the maps where there is a daemon. */
#define BALANCER_FACTS(TEXT, NUMBER)                                                               \
	NUMBER(schedules)		/* services whose shares follow the hours of regions */    \
	NUMBER(icmp_checks)		/* services that are checked by ICMP echo */               \
	NUMBER(vip_checks)		/* services that are checked via their VIP */              \
	NUMBER(nat4)			/* VIPs of mode nat, IPv4 */                               \
	NUMBER(nat6)			/* the same, IPv6 */                                       \
	NUMBER(cells)			/* elements of the map of cells */                         \
	NUMBER(cells_used)                                                                         \
	NUMBER(backends)                                                                           \
	NUMBER(backends_used)                                                                      \
	NUMBER(pins)                                                                               \
	NUMBER(pins_used)                                                                          \
	NUMBER(received)		/* packets that the devices count as received */           \
	NUMBER(verdicts)		/* packets that got a verdict */                           \
	NUMBER(busiest_cpu)		/* packets that the busiest CPU gave a verdict */          \
	NUMBER(compiled)		/* the datapath's program runs as machine code */

#define DEVICE_FACTS(TEXT, NUMBER)                                                                 \
	TEXT(name)                                                                                 \
	TEXT(kind)			/* the kernel's word: veth, bond, ...; hardware has none */ \
	TEXT(driver)			/* as ethtool(8) -i has it */                              \
	NUMBER(ifindex)                                                                            \
	NUMBER(ingress)			/* xring shall run there */                                \
	NUMBER(egress)			/* the way to a backend */                                 \
	NUMBER(nat)			/* the way to a backend of mode nat, and back */           \
	NUMBER(tunnel_bytes)		/* that a tunnel adds to packets there at most; 0: none */ \
	NUMBER(up)			/* as `ip link set DEV up` makes it */                     \
	NUMBER(carrier)			/* its link is there */                                    \
	NUMBER(mtu)                                                                                \
	NUMBER(program)			/* the number of its XDP program; 0: it has none */        \
	NUMBER(program_ours)		/* it is xring's */                                        \
	NUMBER(program_native)		/* it runs in the driver */                                \
	NUMBER(xdp_features)		/* NETDEV_XDP_ACT_ bits of linux/netdev.h */               \
	NUMBER(lro)			/* rx-lro is on */                                         \
	NUMBER(gro_hw)			/* rx-gro-hw is on */                                      \
	NUMBER(rx_vlan)			/* rx-vlan-hw-parse is on: tags are taken off */           \
	TEXT(peer)			/* of a veth: its far end, if that is in this namespace */ \
	NUMBER(peer_tx_checksum)	/* the far end leaves checksums to be finished */          \
	NUMBER(queues)			/* for receiving, in use */                                \
	NUMBER(queues_max)		/* that the device has */                                  \
	NUMBER(rss_queues)		/* to which RSS spreads */                                 \
	NUMBER(irqs)			/* of the device */                                        \
	NUMBER(irq_cpus)		/* CPUs that take them */                                  \
	NUMBER(irq_node)		/* the NUMA node of the first of these CPUs */             \
	NUMBER(numa_node)		/* of the device */                                        \
	NUMBER(missed)			/* packets for which the receive ring had no room */       \
	NUMBER(missed_before)		/* the same at the last look, a minute ago */              \
	NUMBER(forwarding4)		/* net.ipv4.conf.DEV.forwarding */                         \
	NUMBER(forwarding6)                                                                        \
	NUMBER(rp_filter)		/* the greater of DEV's and all's */                       \
	TEXT(master)			/* the bond or team that it belongs to */                  \
	TEXT(sibling)			/* a device of the same master where xring does not run */ \
	TEXT(vlan_above)		/* a VLAN device with an address over it */

#define VIP_FACTS(TEXT, NUMBER)                                                                    \
	TEXT(service)                                                                              \
	TEXT(vip)                                                                                  \
	NUMBER(family)			/* 4 or 6 */                                               \
	NUMBER(nat)			/* the mode has replies come back through the balancer */  \
	NUMBER(own)			/* its address is one of this host */                      \
	TEXT(leaves)			/* the device by which this host would send to it */

/* A backend to which no route leads, where no daemon runs. */
#define WAY_FACTS(TEXT, NUMBER)                                                                    \
	TEXT(service)                                                                              \
	TEXT(backend)                                                                              \
	TEXT(why)

#define FACT_TEXT_MEMBER(name) char name[FACT_TEXT];
#define FACT_NUMBER_MEMBER(name) int64_t name;
struct host_facts { HOST_FACTS(FACT_TEXT_MEMBER, FACT_NUMBER_MEMBER) };
struct balancer_facts { BALANCER_FACTS(FACT_TEXT_MEMBER, FACT_NUMBER_MEMBER) };
struct device_facts { DEVICE_FACTS(FACT_TEXT_MEMBER, FACT_NUMBER_MEMBER) };
struct vip_facts { VIP_FACTS(FACT_TEXT_MEMBER, FACT_NUMBER_MEMBER) };
struct way_facts { WAY_FACTS(FACT_TEXT_MEMBER, FACT_NUMBER_MEMBER) };

struct facts {
	struct host_facts host;
	struct balancer_facts balancer;
	struct device_facts *devices;	/* those that xring uses */
	size_t device_count;
	struct vip_facts *vips;		/* one for each address and service */
	size_t vip_count;
	struct way_facts *ways;
	size_t way_count;
};

/* All numbers unknown, all texts empty, no device, VIP or way. */
void facts_init(struct facts *facts);
void facts_clear(struct facts *facts);

/* Add one of which nothing is known; NULL: no memory. Valid until the next is added. */
struct device_facts *facts_add_device(struct facts *facts);
struct vip_facts *facts_add_vip(struct facts *facts);
struct way_facts *facts_add_way(struct facts *facts);

/* NULL: there are no facts of that device. */
struct device_facts *facts_device(const struct facts *facts, uint32_t ifindex);

/* What is known, as JSON: {"host": {...}, "balancer": {...}, "devices": [...], ...}. NULL: no memory. */
json_t *facts_json(const struct facts *facts);
/* The same back. Returns 0, or -EINVAL or -ENOMEM with *why; *ret is untouched then. */
int facts_parse(const json_t *json, struct facts *ret, struct why *why);

#endif
