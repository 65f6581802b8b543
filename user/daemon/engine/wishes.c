// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/engine/wishes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/why.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/vlans.h"
#include "daemon/net/abilities.h"
#include "daemon/net/devices.h"
#include "daemon/net/sysctls.h"
#include "dp/dp.h"
#include "dp/interfaces.h"

static const struct wish *wish_find(const struct wishes *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++)
		if (!strcmp(w->list[i].name, name))
			return &w->list[i];
	return NULL;
}

/* Makes the list that of the model's interfaces, and keeps what is known of each. */
static void wishes_follow(struct wishes *w, const struct model *m)
{
	struct wish *list = calloc(m->interface_count + 1, sizeof(*list));

	if (!list)
		return;
	for (size_t i = 0; i < m->interface_count; i++) {
		const struct wish *known = wish_find(w, m->interfaces[i].name);

		if (known)
			list[i] = *known;
		else
			strcpy(list[i].name, m->interfaces[i].name);
	}
	free(w->list);
	w->list = list;
	w->count = m->interface_count;
}

void wish_say(char why[WISH_WHY], const char *text)
{
	if (text && strcmp(why, text))
		log_warn("%s", text);
	snprintf(why, WISH_WHY, "%s", text ?: "");
}

static void __attribute__((format(printf, 2, 3))) say_of(struct wish *wish, const char *fmt, ...)
{
	char text[WISH_WHY];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	wish_say(wish->why, text);
}

/* Takes the program off the carrier that it was attached to, where no other interface needs it there. */
static void leave(struct engine *e, struct wish *wish)
{
	const struct device *carrier = devices_at(e->devices, wish->carrier);
	struct why why;

	if (!carrier || vlans_is_carrier(e, &e->model, carrier->ifindex, wish->name))
		return;
	engine_attaching(e);
	if (dp_detach(e->dp, carrier->name, &why))
		log_of(LOG_LEVEL_WARNING, "interface", wish->name, "detach %s", why.text);
	else
		log_of(LOG_LEVEL_INFO, "interface", wish->name, "detached from %s, which was for %s",
		       carrier->name, wish->name);
}

/* The interface is not there. A device that was it may have another name now. */
static void absent(struct engine *e, struct wish *wish)
{
	const struct device *renamed = wish->ifindex ? devices_at(e->devices, wish->ifindex) : NULL;

	if (renamed && !model_interface(&e->model, renamed->name)) {
		say_of(wish, "%s: configured, not there: it is %s now, and attached as that: want "
		       "its name back, or `xring attach %s` and `xring detach %s`", wish->name,
		       renamed->name, renamed->name, wish->name);
		return;
	}
	/* The program was there for this VLAN alone: it would take frames without a tag now. */
	if (wish->carrier != wish->ifindex)
		leave(e, wish);
	wish->ifindex = wish->carrier = 0;
	say_of(wish, "%s: configured, not there", wish->name);
}

static void attach(struct engine *e, struct wish *wish, uint32_t ifindex,
		   const struct device *carrier)
{
	const char *mode;
	struct why why;

	engine_attaching(e);
	if (dp_attach(e->dp, carrier->name, DP_MODE_ANY, &mode, &why)) {
		say_of(wish, "not attached: %s", why.text);
		return;
	}
	log_of(LOG_LEVEL_INFO, "interface", wish->name, "attached to %s (%s)%s%s", carrier->name, mode,
	       strcmp(carrier->name, wish->name) ? ", for " : "",
	       strcmp(carrier->name, wish->name) ? wish->name : "");
	wish->ifindex = ifindex;
	wish->carrier = carrier->ifindex;
	wish_say(wish->why, NULL);
	engine_attaching(e);
}

/* `attach: false`: our link is taken off. */
static void refrain(struct engine *e, struct wish *wish)
{
	const struct device *device = vlans_carrier(e, wish->name);
	uint32_t program;
	struct why why;

	wish->ifindex = 0;
	wish->others = false;
	if (!device || vlans_is_carrier(e, &e->model, device->ifindex, wish->name) ||
	    dp_attached(e->dp, device->name, device->ifindex, &program) != DP_OURS) {
		wish_say(wish->why, NULL);
		return;
	}
	engine_attaching(e);
	if (dp_detach(e->dp, device->name, &why))
		say_of(wish, "attached, though `attach: false`: %s", why.text);
	else
		log_of(LOG_LEVEL_INFO, "interface", wish->name, "detached from %s: attach: false",
		       wish->name);
}

static void compare(struct engine *e, struct wish *wish)
{
	const struct device *own = devices_named(e->devices, wish->name);
	const struct device *device = vlans_carrier(e, wish->name);
	uint32_t program;

	wish->others = false;
	if (!device) {
		absent(e, wish);
		return;
	}
	switch (dp_attached(e->dp, device->name, device->ifindex, &program)) {
	case DP_OURS:
		wish->ifindex = own->ifindex;
		wish->carrier = device->ifindex;
		wish_say(wish->why, NULL);
		break;
	case DP_NOBODYS:
		if (wish->ifindex != own->ifindex || wish->carrier != device->ifindex)
			attach(e, wish, own->ifindex, device);
		else
			say_of(wish, "%s: not attached: another hand took the program off: want "
			       "`xring attach %s`", wish->name, wish->name);
		break;
	case DP_OTHERS:
		wish->others = true;
		say_of(wish, "%s: not attached: another XDP program is, number %u: want `ip link set "
		       "dev %s xdp off`, then `xring attach %s`", wish->name, program, device->name,
		       wish->name);
		break;
	case DP_UNKNOWN:
		break;
	}
}

/* Where a mount hides the pins, nothing can be told of them. */
static bool pins_hidden(struct engine *e)
{
	char text[WISH_WHY];
	bool hidden = dp_pins_hidden(e->dp);

	snprintf(text, sizeof(text), "%s: another file system is mounted over the pins: want it "
		 "unmounted", e->dp->dir);
	wish_say(e->wishes.pins, hidden ? text : NULL);
	return hidden;
}

static bool any_nat(const struct model *m, int family)
{
	for (size_t i = 0; i < m->service_count; i++)
		for (size_t v = 0; mode_replies_return(m->services[i].mode) &&
				   v < m->services[i].vip_count; v++)
			if (m->services[i].vips[v].address.family == family)
				return true;
	return false;
}

/* Replies of mode nat are forwarded by the kernel's routes, where their interface forwards. */
static void look_at_forwarding(struct engine *e, int family, const char *word, char why[WISH_WHY])
{
	const struct model *m = &e->model;
	char text[WISH_WHY] = "";

	for (size_t i = 0; any_nat(m, family) && i < m->interface_count && !*text; i++) {
		const char *name = m->interfaces[i].name;

		if (!sysctl_forwards(family, name))
			snprintf(text, sizeof(text), "%s: net.%s.conf.%s.forwarding is 0, and replies "
				 "of mode nat that enter there need it: want `sysctl net/%s/conf/%s/forwarding=1`",
				 name, word, name, word, name);
	}
	wish_say(why, *text ? text : NULL);
}

static void look_at_sysctls(struct engine *e)
{
	look_at_forwarding(e, AF_INET, "ipv4", e->wishes.sysctls[0]);
	look_at_forwarding(e, AF_INET6, "ipv6", e->wishes.sysctls[1]);
}

/* A tag that is taken off before the program runs is not seen: the frame passes for one without. */
static void look_at_tags(struct engine *e)
{
	char text[WISH_WHY] = "";

	for (size_t i = 0; i < e->model.interface_count && !*text; i++) {
		const struct interface *interface = &e->model.interfaces[i];
		const char *carrier = vlans_carrier_name(e, interface->name);
		const struct device *device = devices_named(e->devices, carrier);
		struct ability ability;

		if (!device || !vlans_are_wanted(e, interface) || !ability_strips_tags(carrier))
			continue;
		snprintf(text, sizeof(text), "%s: VLAN tags may be taken off before xring sees them "
			 "(rx-vlan-offload): want `ethtool -K %s rxvlan off`%s", carrier, carrier,
			 ability_get(device->ifindex, &ability) || strcmp(ability.kind, "veth") ? "" :
			 ", and `ethtool -K DEV txvlan off` at its far end, as it is a veth");
	}
	wish_say(e->wishes.tags, *text ? text : NULL);
}

void wishes_look(struct engine *e)
{
	wishes_follow(&e->wishes, &e->model);
	look_at_sysctls(e);
	look_at_tags(e);
	if (pins_hidden(e))
		return;
	for (size_t i = 0; i < e->wishes.count; i++) {
		struct wish *wish = &e->wishes.list[i];
		const struct interface *interface = model_interface(&e->model, wish->name);

		if (interface && interface->no_program)
			refrain(e, wish);
		else
			compare(e, wish);
	}
}

void wishes_renew(struct engine *e)
{
	for (size_t i = 0; i < e->wishes.count; i++)
		e->wishes.list[i].ifindex = 0;
	wishes_look(e);
}

void wishes_clear(struct wishes *w)
{
	free(w->list);
	*w = (struct wishes){};
}
