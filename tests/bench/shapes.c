// SPDX-License-Identifier: GPL-2.0-or-later
#include "shapes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "stats.h"

#define BACKENDS 100
#define LOOPBACK 1
#define VLAN 100
#define OUTER 20			/* bytes of the header that the tunnel puts in front */
#define IP (sizeof(struct ethhdr))

/* A header of 24 bytes, the last four of which do nothing. */
static void give_option(uint8_t *frame)
{
	memmove(frame + IP + 24, frame + IP + 20, FRAME_BYTES - IP - 24);
	memset(frame + IP + 20, 1, 4);
	frame[IP] = 0x46;
}

static void give_tag(uint8_t *frame)
{
	uint16_t tag[2] = { htons(ETH_P_8021Q), htons(VLAN) };

	memmove(frame + IP + 2, frame + IP - 2, FRAME_BYTES - IP - 2);
	memcpy(frame + IP - 2, tag, sizeof(tag));
	frame[IP + 4 + 3] -= 4;			/* the packet is shorter, for the tag */
}

static const struct shape_case {
	const char *name;
	enum shape shape;
	void (*give)(uint8_t *frame);
	int grows;
} cases[] = {
	{ "shape: common", SHAPE_COMMON, NULL, OUTER },
	{ "shape: an IP option", SHAPE_OPTION, give_option, OUTER },
	{ "shape: fragments", SHAPE_FRAGMENTS, NULL, OUTER },
	{ "shape: a VLAN tag", SHAPE_TAGGED, give_tag, OUTER - 4 },
};

static void add(struct rows *rows, struct world *world, struct served *service,
		const struct shape_case *c, enum traffic traffic)
{
	struct row *row = rows_add(rows, c->name, traffic, &service->vip);

	row->fd = world->program;
	row->world = world;
	row->service = service;
	row->grows = c->grows;
	row->verdict = XDP_TX;
	row->counter = XRING_CNT_TX;
	row->spread = c->shape != SHAPE_COMMON;	/* the ports are elsewhere, or not there */
	row->stream.shape = c->shape;
	if (c->give)
		c->give(row->stream.frame);
	row->other = rows_index(rows, cases[0].name, traffic);
	rows_baselines(rows, row - rows->row);
}

static void take_vlan(struct world *world)
{
	struct xring_vlan key = { LOOPBACK, XRING_TAG | VLAN };
	uint32_t ingress = LOOPBACK;

	if (bpf_map_update_elem(object_map(world->obj, "xring_vlans"), &key, &ingress, BPF_ANY))
		fail("xring_vlans: %s", strerror(errno));
}

void shapes_add(struct rows *rows, const char *object, const char *only)
{
	static const enum traffic traffics[] = { TRAFFIC_ONE, TRAFFIC_THOUSAND };
	struct served *service = calloc(1, sizeof(*service));
	struct world *world = malloc(sizeof(*world));

	if (!service || !world)
		fail("out of memory");
	if (!rows_wanted("shape", TRAFFIC_ONE, only) && !rows_wanted("shape", TRAFFIC_THOUSAND, only))
		return;
	world_open(object, world);
	*service = (struct served){ .mode = MODE_IPIP, .family = AF_INET, .to_family = AF_INET,
				    .backend_count = BACKENDS, .ifindex = LOOPBACK };
	world_serve(world, service);
	world_publish(world);
	take_vlan(world);
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			/* Both fragments must be of one flow. */
			if (cases[i].shape != SHAPE_FRAGMENTS || traffics[t] == TRAFFIC_ONE)
				add(rows, world, service, &cases[i], traffics[t]);
}
