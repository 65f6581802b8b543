// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/vlans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/util.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/net/devices.h"
#include "daemon/net/stack_ask.h"
#include "dp/vlans.h"

static const struct device *carrier_of(const struct engine *e, const char *name, uint32_t *ret_tags)
{
	return devices_below(e->devices, devices_named(e->devices, name), ret_tags);
}

const struct device *vlans_carrier(const struct engine *e, const char *name)
{
	uint32_t tags;

	return carrier_of(e, name, &tags);
}

const char *vlans_carrier_name(const struct engine *e, const char *name)
{
	const struct device *carrier = vlans_carrier(e, name);

	return carrier ? carrier->name : name;
}

bool vlans_is_carrier(const struct engine *e, const struct model *m, uint32_t ifindex,
		      const char *except)
{
	for (size_t i = 0; i < m->interface_count; i++) {
		const char *name = m->interfaces[i].name;
		const struct device *carrier = vlans_carrier(e, name);

		if (carrier && carrier->ifindex == ifindex && (!except || strcmp(name, except)))
			return true;
	}
	return false;
}

/* Is the interface a VLAN of a device that the model does not name? */
static bool is_alone(const struct engine *e, const struct model *m, const char *name,
		     const struct device **ret_carrier, uint32_t *ret_tags)
{
	*ret_carrier = carrier_of(e, name, ret_tags);
	return *ret_carrier && *ret_tags && !model_interface(m, (*ret_carrier)->name);
}

bool vlans_alone(const struct engine *e, const struct model *m)
{
	const struct device *carrier;
	uint32_t tags;

	for (size_t i = 0; i < m->interface_count; i++)
		if (is_alone(e, m, m->interfaces[i].name, &carrier, &tags))
			return true;
	return false;
}

struct list {
	struct dp_vlan *vlans;
	size_t count;
	int err;
};

static void add(struct list *l, uint32_t ifindex, uint32_t tags, uint32_t ingress)
{
	struct dp_vlan *grown = l->err ? NULL : array_grow(l->vlans, l->count, sizeof(*grown));

	if (!grown) {
		l->err = -ENOMEM;
		return;
	}
	l->vlans = grown;
	grown[l->count++] = (struct dp_vlan){ { ifindex, tags }, ingress };
}

/* The VLANs for which there are devices on that of an interface, or on the bridge or bond that it belongs to. */
static void add_devices(struct list *l, const struct engine *e, const struct device *device)
{
	size_t count;
	const struct device *all = devices_list(e->devices, &count);

	for (size_t i = 0; i < count; i++) {
		const struct device *below;
		uint32_t tags;

		if (!all[i].tag)
			continue;
		below = devices_below(e->devices, &all[i], &tags);
		if (below && (below == device || below->ifindex == device->master))
			add(l, device->ifindex, tags, all[i].ifindex);
	}
}

/* Those that the model names by number: the outer tag may be of either kind. */
static void add_numbers(struct list *l, const struct interface *interface,
			const struct device *device)
{
	if (interface->all_vlans)
		add(l, device->ifindex, XRING_VLAN_ANY, device->ifindex);
	for (size_t i = 0; i < interface->vlan_count; i++) {
		uint32_t outer = (interface->vlans[i] & 0xffff) | XRING_TAG;
		uint32_t inner = interface->vlans[i] >> 16;

		inner = inner ? inner | XRING_TAG : 0;
		add(l, device->ifindex, XRING_TAGS(outer, inner), device->ifindex);
		add(l, device->ifindex, XRING_TAGS(outer | XRING_TAG_AD, inner), device->ifindex);
	}
}

static void add_interface(struct list *l, const struct engine *e, const struct interface *interface)
{
	const struct device *carrier;
	uint32_t tags;

	if (is_alone(e, &e->model, interface->name, &carrier, &tags)) {
		add(l, carrier->ifindex, tags, devices_named(e->devices, interface->name)->ifindex);
		add(l, carrier->ifindex, XRING_VLAN_ONLY, carrier->ifindex);
	} else if (carrier && !tags) {
		add_devices(l, e, carrier);	/* before the numbers: of one key the first counts */
		add_numbers(l, interface, carrier);
	}
}

bool vlans_are_wanted(const struct engine *e, const struct interface *interface)
{
	struct list l = {};
	bool any;

	add_interface(&l, e, interface);
	any = l.count > 0;
	free(l.vlans);
	return any;
}

/* Which devices are those of one bridge or bond. */
static void add_masters(struct list *l, const struct engine *e)
{
	size_t count;
	const struct device *all = devices_list(e->devices, &count);

	for (size_t i = 0; i < count; i++)
		if (all[i].master)
			add(l, all[i].ifindex, XRING_VLAN_MASTER, all[i].master);
}

/* By which device each one that is over others sends replies. */
static void add_senders(struct list *l, const struct engine *e)
{
	size_t count, stacked = 0;
	const struct device *all = devices_list(e->devices, &count);
	_free_ uint32_t *devices = calloc(count + 1, sizeof(*devices));
	_free_ struct stack_bottom *bottoms = calloc(count + 1, sizeof(*bottoms));

	if (!devices || !bottoms) {
		l->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (all[i].stacked)
			devices[stacked++] = all[i].ifindex;
	if (stacked)
		stack_bottoms(devices, stacked, bottoms);
	for (size_t i = 0; i < stacked; i++) {
		add(l, devices[i], XRING_VLAN_SENDER, bottoms[i].ifindex);
		if (bottoms[i].tags)
			add(l, devices[i], XRING_VLAN_TAGS, bottoms[i].tags);
	}
}

int vlans_write(struct engine *e)
{
	struct list l = {};
	int err;

	for (size_t i = 0; i < e->model.interface_count; i++)
		add_interface(&l, e, &e->model.interfaces[i]);
	add_masters(&l, e);
	add_senders(&l, e);
	err = l.err ?: dp_vlans_set(e->dp, l.vlans, l.count);
	free(l.vlans);
	return err ? log_err(err, "VLANs of interfaces") : 0;
}
