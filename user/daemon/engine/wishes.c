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

/* The interface is not there. A device that was it may have another name now. */
static void absent(const struct engine *e, struct wish *wish)
{
	const struct device *renamed = wish->ifindex ? devices_at(e->devices, wish->ifindex) : NULL;

	if (renamed && !model_interface(&e->model, renamed->name)) {
		say_of(wish, "%s: configured, not there: it is %s now, and attached as that: want "
		       "its name back, or `xring attach %s` and `xring detach %s`", wish->name,
		       renamed->name, renamed->name, wish->name);
		return;
	}
	wish->ifindex = 0;
	say_of(wish, "%s: configured, not there", wish->name);
}

static void attach(struct engine *e, struct wish *wish, uint32_t ifindex)
{
	const char *mode;
	struct why why;

	if (dp_attach(e->dp, wish->name, DP_MODE_ANY, &mode, &why)) {
		say_of(wish, "not attached: %s", why.text);
		return;
	}
	log_info("attached to %s (%s)", wish->name, mode);
	wish->ifindex = ifindex;
	wish_say(wish->why, NULL);
}

/* `attach: false`: our link is taken off. */
static void refrain(struct engine *e, struct wish *wish)
{
	const struct device *device = devices_named(e->devices, wish->name);
	uint32_t program;
	struct why why;

	wish->ifindex = 0;
	wish->others = false;
	if (!device || dp_attached(e->dp, wish->name, device->ifindex, &program) != DP_OURS)
		wish_say(wish->why, NULL);
	else if (dp_detach(e->dp, wish->name, &why))
		say_of(wish, "attached, though `attach: false`: %s", why.text);
	else
		log_info("detached from %s: attach: false", wish->name);
}

static void compare(struct engine *e, struct wish *wish)
{
	const struct device *device = devices_named(e->devices, wish->name);
	uint32_t program;

	wish->others = false;
	if (!device) {
		absent(e, wish);
		return;
	}
	switch (dp_attached(e->dp, wish->name, device->ifindex, &program)) {
	case DP_OURS:
		wish->ifindex = device->ifindex;
		wish_say(wish->why, NULL);
		break;
	case DP_NOBODYS:
		if (wish->ifindex != device->ifindex)
			attach(e, wish, device->ifindex);
		else
			say_of(wish, "%s: not attached: another hand took the program off: want "
			       "`xring attach %s`", wish->name, wish->name);
		break;
	case DP_OTHERS:
		wish->others = true;
		say_of(wish, "%s: not attached: another XDP program is, number %u: want `ip link set "
		       "dev %s xdp off`, then `xring attach %s`", wish->name, program, wish->name,
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
static void look_at_forwarding(struct engine *e, int family, const char *word, const char *all,
			       char why[WISH_WHY])
{
	const struct model *m = &e->model;
	char text[WISH_WHY] = "";

	for (size_t i = 0; any_nat(m, family) && i < m->interface_count && !*text; i++) {
		const char *name = m->interfaces[i].name;

		if (!sysctl_forwards(family, name))
			snprintf(text, sizeof(text), "%s: net.%s.conf.%s.forwarding is 0, and replies "
				 "of mode nat that enter there need it: want `sysctl %s=1`", name, word,
				 name, all);
	}
	wish_say(why, *text ? text : NULL);
}

static void look_at_sysctls(struct engine *e)
{
	look_at_forwarding(e, AF_INET, "ipv4", "net.ipv4.ip_forward", e->wishes.sysctls[0]);
	look_at_forwarding(e, AF_INET6, "ipv6", "net.ipv6.conf.all.forwarding",
			   e->wishes.sysctls[1]);
}

void wishes_look(struct engine *e)
{
	wishes_follow(&e->wishes, &e->model);
	look_at_sysctls(e);
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
