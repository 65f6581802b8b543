// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts of the network devices. */
#include <dirent.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/doctor/facts.h"
#include "daemon/doctor/gather.h"
#include "daemon/doctor/links.h"
#include "daemon/doctor/read.h"
#include "daemon/net/abilities.h"
#include "daemon/net/ethtool.h"
#include "daemon/net/sysctls.h"

#define NODES_MOST 64
#define CPUS_MOST 4096

/* ---- interrupts ---- */

static int64_t node_of(int64_t cpu)
{
	char path[96];

	for (int node = 0; node < NODES_MOST; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/node%d", (int)cpu, node);
		if (!access(path, F_OK))
			return node;
	}
	return FACT_UNKNOWN;
}

/* A device of virtio has its interrupts at the PCI device above it. */
static DIR *interrupts_of(const char *device)
{
	char path[192];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/msi_irqs", device);
	dir = opendir(path);
	if (dir)
		return dir;
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/../msi_irqs", device);
	return opendir(path);
}

static void interrupts(struct device_facts *ret)
{
	bool seen[CPUS_MOST] = {};
	const struct dirent *entry;
	DIR *dir = interrupts_of(ret->name);

	if (!dir)
		return;
	ret->irqs = ret->irq_cpus = 0;
	while ((entry = readdir(dir))) {
		int64_t cpu = atoi(entry->d_name) > 0 ?
				      number_of("/proc/irq/%d/effective_affinity_list",
						atoi(entry->d_name)) : FACT_UNKNOWN;

		if (cpu < 0 || cpu >= CPUS_MOST)
			continue;
		ret->irqs++;
		ret->irq_cpus += !seen[cpu];
		seen[cpu] = true;
		if (ret->irqs == 1)
			ret->irq_node = node_of(cpu);
	}
	closedir(dir);
}

/* ---- what the driver says ---- */

static void offloads(const struct links *links, const struct link *link, struct device_facts *ret)
{
	struct ethtool_features *features = ethtool_features(link->name);
	const struct link *peer = strcmp(link->kind, "veth") ? NULL : link_at(links, link->below);

	ret->lro = ethtool_feature(features, "rx-lro");
	ret->gro_hw = ethtool_feature(features, "rx-gro-hw");
	ret->rx_vlan = ethtool_feature(features, "rx-vlan-hw-parse");
	ethtool_features_free(features);
	if (!peer)
		return;
	snprintf(ret->peer, sizeof(ret->peer), "%s", peer->name);
	features = ethtool_features(peer->name);
	ret->peer_tx_checksum = ethtool_feature(features, "tx-checksum-ip-generic");
	ethtool_features_free(features);
}

static void queues(struct device_facts *ret)
{
	uint32_t now, most, spread;
	char driver[32];

	snprintf(ret->driver, sizeof(ret->driver), "%s", ethtool_driver(ret->name, driver));
	if (!ethtool_queues(ret->name, &now, &most)) {
		ret->queues = now;
		ret->queues_max = most;
	}
	if (!ethtool_spread(ret->name, &spread))
		ret->rss_queues = spread;
}

/* ---- devices around it ---- */

static bool has_address(const struct ifaddrs *all, const char *device)
{
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET &&
		    !strcmp(a->ifa_name, device))
			return true;
	return false;
}

static void around(const struct facts *facts, const struct links *links, const struct link *link,
		   struct device_facts *ret)
{
	const struct link *master = link_at(links, link->master);
	struct ifaddrs *addresses = NULL;

	/* The devices of a bridge are of different networks' ends: that xring runs at one of them is usual. */
	if (master && strcmp(master->kind, "bond") && strcmp(master->kind, "team"))
		master = NULL;
	getifaddrs(&addresses);
	if (master)
		snprintf(ret->master, sizeof(ret->master), "%s", master->name);
	for (size_t i = 0; i < links->count; i++) {
		const struct link *other = &links->list[i];
		const struct device_facts *used = facts_device(facts, other->ifindex);

		if (other->below == link->ifindex && !strcmp(other->kind, "vlan") &&
		    has_address(addresses, other->name))
			snprintf(ret->vlan_above, sizeof(ret->vlan_above), "%s", other->name);
		if (master && other != link && other->master == link->master &&
		    !(used && used->ingress == 1))
			snprintf(ret->sibling, sizeof(ret->sibling), "%s", other->name);
	}
	freeifaddrs(addresses);
}

/* ---- all of one ---- */

static void complete(const struct facts *facts, const struct links *links, uint32_t prog,
		     struct device_facts *ret)
{
	const struct link *link = link_at(links, ret->ifindex);
	struct ability ability;

	if (!link)
		return;
	snprintf(ret->name, sizeof(ret->name), "%s", link->name);
	snprintf(ret->kind, sizeof(ret->kind), "%s", link->kind);
	ret->mtu = link->mtu;
	ret->up = link->up;
	ret->carrier = link->carrier;
	ret->program = link->program;
	ret->program_ours = prog && link->program == prog;
	ret->program_native = link->program ? link->native : FACT_UNKNOWN;
	ret->missed = link->missed;
	if (!ability_get(link->ifindex, &ability))
		ret->xdp_features = ability.features;
	ret->forwarding4 = sysctl_forwards(AF_INET, link->name);
	ret->forwarding6 = sysctl_forwards(AF_INET6, link->name);
	ret->rp_filter = sysctl_rp_filter(link->name);
	offloads(links, link, ret);
	queues(ret);
	/* /sys may be mounted for another network namespace. */
	if (number_of("/sys/class/net/%s/ifindex", link->name) == link->ifindex) {
		ret->numa_node = number_of("/sys/class/net/%s/device/numa_node", link->name);
		interrupts(ret);
	}
	around(facts, links, link, ret);
}

void gather_devices(struct facts *facts, uint32_t prog)
{
	struct links links;

	if (links_read(&links))
		return;
	for (size_t i = 0; i < facts->device_count; i++)
		complete(facts, &links, prog, &facts->devices[i]);
	links_clear(&links);
}
