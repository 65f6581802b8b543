// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules about one network device each, of those that xring uses. */
#include "daemon/doctor/rules.h"

#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/finding.h"

/* enum netdev_xdp_act of linux/netdev.h, which older systems lack */
#define XDP_BASIC 1			/* XDP_DROP, XDP_PASS, XDP_TX */
#define XDP_REDIRECT_FROM 2
#define XDP_SENDS 4			/* what is redirected to it (ndo_xdp_xmit) */
#define XDP_SEVERAL_BUFFERS 32

#define CLIENT_MTU 1500
#define ONE_BUFFER_MTU 3506		/* of a page, beside XDP's headroom and the skb's tail */
#define SHARE_OFF 2			/* times the fair part of a CPU */
#define SHARE_LEAST 10000000		/* packets, before their spread is judged */
#define TAKES_LESS "merges packets (%s) before xring sees them, and they are too big to be sent on"

/* Does the kernel say of that device that it has the feature, or that it has not? */
static bool has(const struct device_facts *device, int64_t feature)
{
	return device->xdp_features != FACT_UNKNOWN && device->xdp_features & feature;
}

static bool has_not(const struct device_facts *device, int64_t feature)
{
	return device->xdp_features != FACT_UNKNOWN && !(device->xdp_features & feature);
}

static bool runs_generic(const struct device_facts *device)
{
	return device->program > 0 && device->program_ours == 1 && device->program_native == 0;
}

static const char *driver_of(const struct device_facts *device)
{
	return *device->driver ? device->driver : *device->kind ? device->kind : "unknown";
}

#define each_device(facts, device)                                                                 \
	for (const struct device_facts *device = (facts)->devices;                                 \
	     device < (facts)->devices + (facts)->device_count; device++)

void rule_interface(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device)
		if (device->ingress == 1 && device->ifindex == FACT_UNKNOWN)
			finding_add(to, FINDING_FAIL, id, device->name, "configured, not there");
}

void rule_link(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device) {
		if (device->up == 0)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name, "is down"),
				    "ip link set %s up", device->name);
		else if (device->carrier == 0)
			finding_add(to, FINDING_FAIL, id, device->name,
				    "has no carrier: no cable, or the far end is down");
	}
}

void rule_replies(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device)
		if (device->nat == 1 && device->ingress != 1)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
						"leads to backends of mode nat, whose replies come in there, and "
						"xring does not run there: clients get no answer; want it among "
						"`interfaces`"),
				    "xring attach %s", device->name);
}

void rule_driver(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device) {
		if (device->ingress != 1)
			continue;
		if (has_not(device, XDP_BASIC))
			finding_add(to, FINDING_WARN, id, device->name,
				    "its driver (%s) has no XDP: xring runs in generic mode there, "
				    "which is several times slower: want a NIC whose driver has it",
				    driver_of(device));
		else if (has_not(device, XDP_REDIRECT_FROM))
			finding_add(to, FINDING_FAIL, id, device->name,
				    "its driver (%s) does not redirect: no packet reaches a backend "
				    "behind another interface", driver_of(device));
	}
}

void rule_mode(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device) {
		if (runs_generic(device) && has(device, XDP_BASIC))
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"xring runs in generic mode, several times slower, "
						"though the driver could run it: want it attached "
						"again; if that is refused, the reason is told"),
				    "xring detach %s && xring attach %s --mode native", device->name,
				    device->name);
	}
}

void rule_redirect_target(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device) {
		if (device->egress != 1 || device->ingress == 1)
			continue;
		if (device->xdp_features == FACT_UNKNOWN)
			finding_add(to, FINDING_UNKNOWN, id, device->name,
				    "whether it sends redirected packets is not known before Linux "
				    "6.3: what it loses is counted (`xring stats`)");
		else if (has_not(device, XDP_SENDS) && !strcmp(device->kind, "veth"))
			finding_add(to, FINDING_FAIL, id, device->name,
				    "takes no redirected packets: the far end of this veth needs GRO "
				    "(`ethtool -K DEV gro on`) or an XDP program");
		else if (has_not(device, XDP_SENDS) && !has(device, XDP_BASIC))
			finding_add(to, FINDING_FAIL, id, device->name,
				    "takes no redirected packets: its driver (%s) cannot: want another "
				    "device to the backends, or the interface where clients enter "
				    "attached with --mode generic",
				    driver_of(device));
	}
}

void rule_lro(const char *id, const struct facts *facts, struct findings *to)
{
	static const struct {
		const char *feature, *word;
		size_t fact;
	} merging[] = {
		{ "rx-lro", "lro", offsetof(struct device_facts, lro) },
		{ "rx-gro-hw", "rx-gro-hw", offsetof(struct device_facts, gro_hw) },
	};

	each_device(facts, device) {
		if (device->ingress != 1 || (device->program > 0 && device->program_native == 1))
			continue;	/* a driver that runs XDP has turned it off */
		for (size_t i = 0; i < ARRAY_SIZE(merging); i++)
			if (*(const int64_t *)((const char *)device + merging[i].fact) == 1)
				finding_fix(finding_add(to, FINDING_FAIL, id, device->name, TAKES_LESS,
							merging[i].feature),
					    "ethtool -K %s %s off", device->name, merging[i].word);
	}
}

void rule_vlan_offload(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device) {
		if (device->ingress == 1 && device->rx_vlan == 1 && *device->vlan_above)
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"takes VLAN tags off (rx-vlan-offload) before xring sees "
						"the packet: those for %s look as if they had none, and "
						"are balanced where a VIP is theirs", device->vlan_above),
				    "ethtool -K %s rxvlan off", device->name);
	}
}

void rule_tx_checksum(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device) {
		if (device->ingress != 1 || strcmp(device->kind, "veth"))
			continue;
		if (device->peer_tx_checksum == 1)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
						"the far end of this veth, %s, leaves checksums unfinished: "
						"backends drop such packets", device->peer),
				    "ethtool -K %s tx off", device->peer);
		else if (device->peer_tx_checksum == FACT_UNKNOWN)
			finding_add(to, FINDING_UNKNOWN, id, device->name,
				    "whether the far end of this veth leaves checksums unfinished is not "
				    "known, it is in another namespace: want `ethtool -K DEV tx off` there");
	}
}

/* The greatest packet that clients send: an interface may take more, but their networks do not. */
static int64_t entry_mtu(const struct facts *facts)
{
	int64_t ret = CLIENT_MTU;

	each_device(facts, device)
		if (device->ingress == 1 && device->mtu > 0 && device->mtu < ret)
			ret = device->mtu;
	return ret;
}

void rule_mtu(const char *id, const struct facts *facts, struct findings *to)
{
	int64_t entry = entry_mtu(facts);

	each_device(facts, device) {
		int64_t tunnel = device->tunnel_bytes;

		if (device->ingress == 1 && has(device, XDP_BASIC) &&
		    has_not(device, XDP_SEVERAL_BUFFERS) && device->mtu > ONE_BUFFER_MTU)
			finding_add(to, FINDING_FAIL, id, device->name,
				    "its MTU is %lld, and its driver runs XDP only where a packet fits "
				    "in one buffer: want about 3,500 at most", (long long)device->mtu);
		if (device->egress == 1 && tunnel > 0 && device->mtu > 0 &&
		    device->mtu < entry + tunnel)
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"its MTU is %lld: a whole packet of a client (%lld bytes) "
						"does not fit beside %lld bytes of the tunnel, and clients "
						"that are not reached by the answer to that hang: want "
						"%lld, or a smaller MSS at the backends",
						(long long)device->mtu, (long long)entry, (long long)tunnel,
						(long long)(entry + tunnel)),
				    "ip link set %s mtu %lld", device->name,
				    (long long)(entry + tunnel));
	}
}

void rule_stack(const char *id, const struct facts *facts, struct findings *to)
{
	static const char *const slow[] = { "bridge", "macvlan", "macvtap", "ipvlan", "team" };

	each_device(facts, device) {
		if (device->ingress != 1)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
			if (!strcmp(device->kind, slow[i]))
				finding_add(to, FINDING_WARN, id, device->name,
					    "is a %s, where xring can only run in generic mode: want it "
					    "attached to the devices below", slow[i]);
		if (*device->sibling)
			finding_add(to, FINDING_WARN, id, device->name,
				    "belongs to %s, as %s does, where xring does not run: what arrives "
				    "there is not balanced", device->master, device->sibling);
	}
}

void rule_other_program(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device)
		if (device->ingress == 1 && device->program > 0 && device->program_ours == 0)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
						"another XDP program is attached, number %lld: xring cannot "
						"be", (long long)device->program),
				    "ip link set dev %s xdp off", device->name);
}

void rule_queues(const char *id, const struct facts *facts, struct findings *to)
{
	static const char *const own_queues[] = { "i40e", "ice", "ixgbe", "igb" };
	int64_t cpus = facts->host.cpus;

	each_device(facts, device) {
		bool few = !*device->kind && device->queues > 0 && device->queues < cpus;
		bool refuses = false;

		for (size_t i = 0; i < ARRAY_SIZE(own_queues); i++)
			refuses |= !strcmp(device->driver, own_queues[i]);
		if (few && refuses && device->egress == 1 && device->ingress != 1)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
						"%lld queues, %lld CPUs: the other CPUs cannot send redirected "
						"packets by it (ENXIO)", (long long)device->queues,
						(long long)cpus),
				    "ethtool -L %s combined %lld", device->name, (long long)cpus);
		else if (!strcmp(device->driver, "ena") && device->ingress == 1 &&
			 device->program == 0 && 2 * device->queues > device->queues_max &&
			 device->queues_max > 0)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
						"%lld of %lld queues are in use, and this driver needs as many "
						"again for XDP", (long long)device->queues,
						(long long)device->queues_max),
				    "ethtool -L %s combined %lld", device->name,
				    (long long)device->queues_max / 2);
		else if (few && device->ingress == 1 && device->queues < device->queues_max)
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"%lld receive queues, %lld CPUs: the other CPUs balance "
						"nothing", (long long)device->queues, (long long)cpus),
				    "ethtool -L %s combined %lld", device->name,
				    (long long)(cpus < device->queues_max ? cpus : device->queues_max));
	}
}

void rule_rss(const char *id, const struct facts *facts, struct findings *to)
{
	const struct balancer_facts *b = &facts->balancer;

	each_device(facts, device)
		if (device->ingress == 1 && device->queues > 1 && device->rss_queues > 0 &&
		    device->rss_queues < device->queues)
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"RSS spreads packets to %lld of its %lld queues",
						(long long)device->rss_queues,
						(long long)device->queues),
				    "ethtool -X %s equal %lld", device->name,
				    (long long)device->queues);
	if (b->verdicts >= SHARE_LEAST && facts->host.cpus > SHARE_OFF && b->busiest_cpu > 0 &&
	    b->busiest_cpu * facts->host.cpus > SHARE_OFF * b->verdicts)
		finding_add(to, FINDING_WARN, id, "",
			    "one of %lld CPUs handles %lld of %lld packets: want RSS by ports, or more "
			    "tunnels where all packets come from one", (long long)facts->host.cpus,
			    (long long)b->busiest_cpu, (long long)b->verdicts);
}

void rule_irq(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device)
		if (device->ingress == 1 && device->queues > 1 && device->irqs > 1 &&
		    device->irq_cpus == 1 && facts->host.cpus > 1)
			finding_add(to, FINDING_WARN, id, device->name,
				    "all its %lld interrupts go to one CPU: want them spread "
				    "(/proc/irq/N/smp_affinity_list, or irqbalance)",
				    (long long)device->irqs);
}

void rule_numa(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device)
		if (device->ingress == 1 && device->numa_node >= 0 && device->irq_node >= 0 &&
		    device->numa_node != device->irq_node)
			finding_add(to, FINDING_NOTE, id, device->name,
				    "is at NUMA node %lld, and its interrupts go to CPUs of node %lld: "
				    "each packet crosses between them", (long long)device->numa_node,
				    (long long)device->irq_node);
}

void rule_rings(const char *id, const struct facts *facts, struct findings *to)
{
	each_device(facts, device)
		if (device->ingress == 1 && device->missed_before >= 0 &&
		    device->missed > device->missed_before)
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"its receive ring had no room for %lld packets of late, which "
						"nobody else counts: want larger rings, or more queues",
						(long long)(device->missed - device->missed_before)),
				    "ethtool -G %s rx 4096", device->name);
}
