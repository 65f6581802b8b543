// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/backend/load.h"

#include <math.h>

#include <xring/abi.h>

#define SECONDS 1.0			/* after this time a count has faded to a third */
#define PACKETS_LEAST 32		/* of fewer packets the share is chance */

void load_add(struct load *load, uint64_t packets, uint64_t flows, double age)
{
	double fade = exp(-age / SECONDS);

	load->packets = load->packets * fade + packets;
	load->flows = load->flows * fade + flows;
}

static double flows_believed(const struct load *load)
{
	return load->flows < load->packets / 2 ? load->flows : load->packets / 2;
}

static double share_of(double part, double whole, double weight)
{
	return whole > 0 && weight > 0 ? part / (whole * weight) : 0;
}

void loads_weigh(struct load *loads, size_t count)
{
	double packets = 0, flows = 0, weight = 0;

	for (size_t i = 0; i < count; i++) {
		if (!loads[i].weight)
			continue;
		packets += loads[i].packets;
		flows += flows_believed(&loads[i]);
		weight += loads[i].weight;
	}
	for (size_t i = 0; i < count; i++) {
		struct load *load = &loads[i];
		double part = weight > 0 ? load->weight / weight : 0;
		double by_packets = share_of(load->packets, packets, part);
		double by_flows = share_of(flows_believed(load), flows, part);

		load->share = load->packets < PACKETS_LEAST || !load->weight ? 0 :
			      by_packets > by_flows ? by_packets : by_flows;
	}
}

uint32_t load_per_bound(const struct load *load, uint32_t bound)
{
	double value = load->share * 1000 / bound * XRING_LOAD_FULL;

	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}
