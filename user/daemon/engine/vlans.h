/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_VLANS_H
#define XRING_DAEMON_ENGINE_VLANS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which VLANs are taken at which interface: those that the model names, and those for which an
 * interface of the model has a device. An interface that is itself a VLAN device is its carrier's,
 * which is the device below: the program is attached to that, and takes frames of this VLAN alone if
 * the model does not name the carrier, too.
 */
struct device;
struct engine;
struct interface;
struct model;

/* The device that has the program of an interface. NULL: it is not there. */
const struct device *vlans_carrier(const struct engine *e, const char *name);
/* The same by its name; an interface that is not there is its own. */
const char *vlans_carrier_name(const struct engine *e, const char *name);
/* Is that device the carrier of an interface of the model, but for the interface `except` (or NULL)? */
bool vlans_is_carrier(const struct engine *e, const struct model *m, uint32_t ifindex,
		      const char *except);
/* Does the model name a VLAN device of some carrier, and not the carrier? */
bool vlans_alone(const struct engine *e, const struct model *m);

/* Are frames with tags taken at the interface? */
bool vlans_are_wanted(const struct engine *e, const struct interface *interface);

/* Tells the datapath. Logs errors. */
int vlans_write(struct engine *e);

#endif
