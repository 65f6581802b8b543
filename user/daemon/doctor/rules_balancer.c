// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules about what the balancer wants of the host, and about its room. */
#include "daemon/doctor/rules.h"

#include <string.h>

#include "daemon/doctor/facts.h"
#include "daemon/doctor/finding.h"

/* By slashes, as a device's name may have dots. */
#define SYSCTL(family, what) "sysctl net/" family "/conf/%s/" what

#define ROOM_FULL 0.8
#define WAYS_SHOWN 20			/* backends that are named */
#define RX_OFF 0.001			/* of the packets, that may be counted at one place only */
#define RX_LEAST 100000			/* packets, before their counts are compared */

static const struct device_facts *closed(const struct facts *facts, int family)
{
	for (size_t i = 0; i < facts->device_count; i++) {
		const struct device_facts *device = &facts->devices[i];

		if (device->ingress == 1 &&
		    (family == 4 ? device->forwarding4 : device->forwarding6) == 0)
			return device;
	}
	return NULL;
}

void rule_forwarding(const char *id, const struct facts *facts, struct findings *to)
{
	const struct device_facts *device;

	if (facts->balancer.nat4 > 0 && (device = closed(facts, 4)))
		finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
					"IPv4 is not forwarded there: replies of mode nat are dropped"),
			    SYSCTL("ipv4", "forwarding=1"), device->name);
	if (facts->balancer.nat6 > 0 && (device = closed(facts, 6)))
		finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
					"IPv6 is not forwarded there: replies of mode nat are dropped"),
			    SYSCTL("ipv6", "forwarding=1"), device->name);
}

void rule_rp_filter(const char *id, const struct facts *facts, struct findings *to)
{
	for (size_t i = 0; i < facts->device_count; i++) {
		const struct device_facts *device = &facts->devices[i];

		if (device->rp_filter != 1)
			continue;
		if (device->egress == 1 && facts->balancer.vip_checks > 0)
			finding_fix(finding_add(to, FINDING_FAIL, id, device->name,
						"rp_filter is 1 (strict), and answers to checks via the VIP "
						"come from an address that no route leads to by this device"),
				    SYSCTL("ipv4", "rp_filter=2"), device->name);
		else if (device->ingress == 1 && facts->balancer.nat4 > 0)
			finding_fix(finding_add(to, FINDING_WARN, id, device->name,
						"rp_filter is 1 (strict): replies of mode nat for which the "
						"kernel must ask for a neighbour first are dropped, unless "
						"the way back is by the same device"),
				    SYSCTL("ipv4", "rp_filter=2"), device->name);
	}
}

static void table_full(const char *id, int64_t entries, int64_t most, const char *family,
		       struct findings *to)
{
	if (entries > 0 && most > 0 && entries > ROOM_FULL * most)
		finding_fix(finding_add(to, FINDING_WARN, id, "",
					"the neighbour table has %lld entries of %lld: when it is full, "
					"backends and clients on the link are not found",
					(long long)entries, (long long)most),
			    "sysctl net.%s.neigh.default.gc_thresh3=%lld", family,
			    4 * (long long)most);
}

void rule_neighbours(const char *id, const struct facts *facts, struct findings *to)
{
	const struct host_facts *host = &facts->host;

	for (size_t i = 0; i < facts->way_count && i < WAYS_SHOWN; i++) {
		const struct way_facts *way = &facts->ways[i];

		finding_add(to, FINDING_FAIL, id, "", "backend %s of %s: %s", way->backend,
			    way->service, way->why);
	}
	if (facts->way_count > WAYS_SHOWN)
		finding_add(to, FINDING_FAIL, id, "", "and %zu more backends",
			    facts->way_count - WAYS_SHOWN);
	table_full(id, host->neighbours4, host->neighbours4_max, "ipv4", to);
	table_full(id, host->neighbours6, host->neighbours6_max, "ipv6", to);
}

static const struct device_facts *device_named(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->device_count; i++)
		if (!strcmp(facts->devices[i].name, name))
			return &facts->devices[i];
	return NULL;
}

void rule_vip_local(const char *id, const struct facts *facts, struct findings *to)
{
	for (size_t i = 0; i < facts->vip_count; i++) {
		const struct vip_facts *vip = &facts->vips[i];
		const struct device_facts *back = device_named(facts, vip->leaves);

		if (vip->own == 1 && vip->nat == 1)
			finding_add(to, FINDING_NOTE, id, vip->vip,
				    "is an address of this host, and its service %s of mode nat: this "
				    "host itself answers what xring passes on, and it takes the first "
				    "reply to a client whose neighbour it does not know for a forgery",
				    vip->service);
		if (vip->own == 1 || !back || back->ingress != 1 ||
		    (vip->family == 4 ? back->forwarding4 : back->forwarding6) != 1)
			continue;
		finding_fix(finding_add(to, FINDING_WARN, id, vip->vip,
					"is no address of this host, which forwards and has its route by "
					"%s, where such packets come from: what xring passes on (other "
					"ports) goes round until its TTL ends", vip->leaves),
			    "ip route replace blackhole %s", vip->vip);
	}
}

static void room(const char *id, const char *what, const char *key, int64_t used, int64_t most,
		 struct findings *to)
{
	if (used > 0 && most > 0 && used > ROOM_FULL * most)
		finding_add(to, FINDING_WARN, id, what,
			    "%lld of %lld %s are used: want a greater %s: in the configuration",
			    (long long)used, (long long)most, what, key);
}

void rule_limits(const char *id, const struct facts *facts, struct findings *to)
{
	const struct balancer_facts *b = &facts->balancer;

	room(id, "cells", "limits: cells", b->cells_used, b->cells, to);
	room(id, "backends", "limits: backends", b->backends_used, b->backends, to);
	room(id, "pins", "pins", b->pins_used, b->pins, to);
}

void rule_rx(const char *id, const struct facts *facts, struct findings *to)
{
	const struct balancer_facts *b = &facts->balancer;
	int64_t off = b->received > b->verdicts ? b->received - b->verdicts :
						  b->verdicts - b->received;

	if (b->received >= RX_LEAST && b->verdicts >= 0 && off > RX_OFF * b->received)
		finding_add(to, FINDING_WARN, id, "",
			    "the devices have received %lld packets, and %lld got a verdict: the "
			    "rest did not come to xring", (long long)b->received,
			    (long long)b->verdicts);
}
