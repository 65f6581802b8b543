// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/doctor/gather.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "core/ring/arena.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/links.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/vlans.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"
#include "daemon/net/devices.h"
#include "daemon/net/nexthop.h"
#include "daemon/net/rtnl.h"
#include "dp/dp.h"
#include "dp/program.h"
#include "dp/read.h"

/* The facts of a device that xring uses, which may be there already. NULL: no memory. */
static struct device_facts *use(struct facts *facts, uint32_t ifindex)
{
	struct device_facts *ret = facts_device(facts, ifindex) ?: facts_add_device(facts);

	if (!ret || ret->ifindex == ifindex)
		return ret;
	ret->ifindex = ifindex;
	ret->ingress = ret->egress = ret->nat = ret->tunnel_bytes = 0;
	return ret;
}

static int use_ingress(struct facts *facts, uint32_t ifindex)
{
	struct device_facts *device = use(facts, ifindex);

	if (device)
		device->ingress = 1;
	return device ? 0 : -ENOMEM;
}

/* The way to a backend of that service and family. */
static int use_egress(struct facts *facts, uint32_t ifindex, const struct model *m,
		      const struct service *s, int family)
{
	struct device_facts *device = use(facts, ifindex);
	int64_t bytes = tunnel_bytes(m, s, family);

	if (!device)
		return -ENOMEM;
	device->egress = 1;
	device->nat |= mode_replies_return(s->mode);
	if (bytes > device->tunnel_bytes)
		device->tunnel_bytes = bytes;
	return 0;
}

static int add_way(struct facts *facts, const char *service, const char *backend, const char *why)
{
	struct way_facts *way = facts_add_way(facts);

	if (!way)
		return -ENOMEM;
	snprintf(way->service, sizeof(way->service), "%s", service);
	snprintf(way->backend, sizeof(way->backend), "%s", backend);
	snprintf(way->why, sizeof(way->why), "%s", why);
	return 0;
}

/* ---- of a daemon that runs ---- */

static int engine_devices(const struct engine *e, struct facts *facts)
{
	int err = 0;

	for (size_t i = 0; i < e->model.interface_count && !err; i++) {
		const struct interface *interface = &e->model.interfaces[i];
		const struct device *carrier = vlans_carrier(e, interface->name);

		if (carrier && !interface->no_program)
			err = use_ingress(facts, carrier->ifindex);
	}
	for (uint32_t id = 1; id < e->dp->backend_count && !err; id++) {
		const struct live_backend *backend = e->live->by_id[id];
		uint32_t sender = backend && backend->nexthop ? backend->nexthop->sender : 0;

		if (sender && backend->service->model)
			err = use_egress(facts, sender, &e->model, backend->service->model,
					 backend->address.family);
	}
	return err;
}

static void engine_room(const struct engine *e, struct balancer_facts *to)
{
	to->cells = e->dp->cell_count;
	to->cells_used = arena_used(&e->live->arena);
	to->backends = e->dp->backend_count - 1;
	to->pins = e->dp->pin_max;
	to->backends_used = to->pins_used = 0;
	for (uint32_t id = 1; id < e->dp->backend_count; id++)
		if (e->live->by_id[id]) {
			to->backends_used++;
			to->pins_used += e->live->by_id[id]->pins;
		}
}

/* Devices are counted from the look of watch/received.c on, which the daemon makes each second. */
static void engine_counts(const struct engine *e, struct balancer_facts *to)
{
	const struct xring_received *all = e->dp->received;
	uint64_t values[XRING_CNT_MAX], busiest;

	to->compiled = e->dp->prog_compiled;
	if (dp_counters_read(e->dp, values) || dp_counters_busiest(e->dp, &busiest))
		return;
	to->busiest_cpu = busiest;
	to->verdicts = to->received = 0;
	for (size_t i = 0; i < XRING_CNT_MAX; i++)
		to->verdicts += values[i];
	for (size_t i = 0; i < XRING_RECEIVED; i++)
		to->received += all[i].before + all[i].last - all[i].base;
}

int gather(const struct engine *e, enum gather_what what, struct facts *ret)
{
	struct facts facts;
	int err;

	facts_init(&facts);
	err = engine_devices(e, &facts);
	if (!err && what == GATHER_ALL)
		err = gather_vips(&e->model, &facts);
	if (err) {
		facts_clear(&facts);
		return err;
	}
	gather_model(&e->model, &facts.balancer);
	engine_room(e, &facts.balancer);
	engine_counts(e, &facts.balancer);
	gather_host(e->dp->dir, &facts.host);
	gather_devices(&facts, e->dp->prog_id);
	*ret = facts;
	return 0;
}

/* ---- of a host without a daemon ---- */

static int absent_ingress(struct facts *facts, const char *name)
{
	struct device_facts *device = facts_add_device(facts);

	if (!device)
		return -ENOMEM;
	device->ingress = 1;
	snprintf(device->name, sizeof(device->name), "%s", name);
	return 0;
}

static int model_devices(const struct model *m, struct facts *facts)
{
	struct links links;
	int err = links_read(&links);

	if (err)
		return err == -ENOMEM ? err : 0;
	for (size_t i = 0; i < m->interface_count && !err; i++) {
		const struct interface *interface = &m->interfaces[i];
		const struct link *link = link_named(&links, interface->name);

		if (!interface->no_program)
			err = link ? use_ingress(facts, link->ifindex) :
				     absent_ingress(facts, interface->name);
	}
	links_clear(&links);
	return err;
}

static int route_of(struct mnl_socket *nl, const struct model *m, const struct service *s, const struct backend *backend,
		    struct facts *facts)
{
	struct rtnl_route route;
	int err = rtnl_route_get(nl, &backend->address, &route);
	char why[FACT_TEXT], address[ADDRESS_TEXT];

	if (!err)
		return use_egress(facts, route.ifindex, m, s, backend->address.family);
	snprintf(why, sizeof(why), "no route to %s: %s", address_print(&backend->address, address),
		 strerror(-err));
	return add_way(facts, s->name, backend->name, why);
}

static int model_ways(const struct model *m, struct facts *facts)
{
	struct mnl_socket *nl;
	int err = 0;

	if (rtnl_open(&nl))
		return 0;
	for (size_t i = 0; i < m->service_count; i++)
		for (size_t b = 0; b < m->services[i].backend_count && !err; b++)
			err = route_of(nl, m, &m->services[i], &m->services[i].backends[b], facts);
	mnl_socket_close(nl);
	return err;
}

int gather_alone(const struct model *m, const char *bpffs, struct facts *ret)
{
	struct facts facts;
	int err;

	facts_init(&facts);
	err = model_devices(m, &facts) ?: model_ways(m, &facts) ?: gather_vips(m, &facts);
	if (err) {
		facts_clear(&facts);
		return err;
	}
	gather_model(m, &facts.balancer);
	gather_host(bpffs, &facts.host);
	gather_devices(&facts, program_pinned(bpffs));
	*ret = facts;
	return 0;
}
