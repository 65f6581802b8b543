// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/vlans.h"
#include "daemon/engine/wishes.h"
#include "daemon/live/ingress.h"
#include "daemon/net/devices.h"
#include "dp/dp.h"
#include "dp/interfaces.h"
#include "dp/macs.h"

#define LOOK_MS 1000

static uint64_t mac_word(const struct device *device)
{
	uint64_t first8 = 0;

	memcpy(&first8, device->mac, sizeof(device->mac));
	return XRING_MAC_WORD(first8);
}

/*
 * The addresses of the first interfaces of the model; where it has none of the host's, any; and none
 * where each frame must be looked at, as only those of a VLAN are taken somewhere.
 */
static void macs_first(struct engine *e, const struct device *list, size_t count)
{
	uint64_t macs[2] = {};
	size_t found = 0;

	for (size_t i = 0; i < e->model.interface_count && found < 2; i++) {
		const struct device *d = devices_named(e->devices, e->model.interfaces[i].name);
		uint64_t mac = d ? mac_word(d) : 0;

		if (mac && mac != macs[0])
			macs[found++] = mac;
	}
	for (size_t i = 0; i < count && !found; i++)
		if (mac_word(&list[i]))
			macs[found++] = mac_word(&list[i]);
	if (found == 1)
		macs[1] = macs[0];	/* 0 would be the word of a MAC address */
	if (vlans_alone(e, &e->model))
		macs[0] = macs[1] = XRING_MAC_NONE;
	dp_macs_first(e->dp, macs);
}

static size_t keys_fill(const struct engine *e, const struct device *list, size_t count,
			struct xring_mac *keys)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct interface *interface = model_interface(&e->model, list[i].name);
		const struct device *carrier = interface && interface->any_mac ?
					       vlans_carrier(e, interface->name) : NULL;

		if (mac_word(&list[i]))
			keys[n++] = (struct xring_mac){ .mac = mac_word(&list[i]) };
		if (carrier)
			keys[n++] = (struct xring_mac){ .ifindex = carrier->ifindex };
	}
	qsort(keys, n, sizeof(*keys), dp_macs_order);
	return n;
}

static int macs_write(struct engine *e)
{
	size_t count;
	const struct device *list = devices_list(e->devices, &count);
	_free_ struct xring_mac *keys = calloc(2 * count + 1, sizeof(*keys));
	int err;

	if (!keys)
		return log_err(-ENOMEM, "MAC addresses of this host");
	err = dp_macs_set(e->dp, keys, keys_fill(e, list, count, keys));
	if (err && err != -E2BIG)
		return log_err(err, "MAC addresses of this host");
	if (err && !e->macs_full)
		log_warn("this host has more MAC addresses than %u: frames to some of them pass",
			 XRING_MACS);
	e->macs_full = err;
	macs_first(e, list, count);
	return 0;
}

void interfaces_write(struct engine *e)
{
	live_ingresses_write(e->live);
	e->macs_due = vlans_write(e) ?: macs_write(e);
}

/*
 * What netlink says is looked at once more each second: an event may be lost, or say nothing of it, as of
 * the device by which one over others sends.
 */
static void interfaces_due(void *context)
{
	struct engine *e = context;

	if (e->macs_due || devices_stacked(e->devices))
		interfaces_write(e);
	wishes_look(e);
}

static void devices_changed(void *context)
{
	struct engine *e = context;

	interfaces_write(e);
	wishes_look(e);
}

int interfaces_open(struct engine *e)
{
	return devices_open(e->loop, devices_changed, e, &e->devices);
}

int interfaces_start(struct engine *e)
{
	int err = loop_timer_new(e->loop, &e->interfaces, interfaces_due, e);

	if (err)
		return err;
	loop_timer_every(&e->interfaces, LOOK_MS);
	wishes_look(e);
	return 0;
}

void interfaces_close(struct engine *e)
{
	if (e->interfaces.source.fd >= 0)
		loop_timer_close(e->loop, &e->interfaces);
	if (e->devices)
		devices_close(e->devices);
	wishes_clear(&e->wishes);
}

/* The device that has the program of an interface, or had it until the interface went. */
static const struct device *attached_device(const struct engine *e, const char *name)
{
	const struct device *carrier = vlans_carrier(e, name);

	for (size_t i = 0; i < e->wishes.count && !carrier; i++)
		if (!strcmp(e->wishes.list[i].name, name))
			carrier = devices_at(e->devices, e->wishes.list[i].carrier);
	return carrier;
}

/* The program stays on a device that another interface of the model still needs. */
static void interfaces_detach(struct engine *e, const struct model *before)
{
	struct why why;

	for (size_t i = 0; i < before->interface_count; i++) {
		const char *name = before->interfaces[i].name;
		const struct device *carrier = attached_device(e, name);

		if (model_interface(&e->model, name) ||
		    (carrier && vlans_is_carrier(e, &e->model, carrier->ifindex, NULL)))
			continue;
		if (dp_detach(e->dp, carrier ? carrier->name : name, &why))
			log_warn("detach %s", why.text);
	}
}

void interfaces_follow(struct engine *e, const struct model *before)
{
	interfaces_detach(e, before);
	interfaces_write(e);
	wishes_renew(e);
}
