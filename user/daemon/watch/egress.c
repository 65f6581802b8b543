// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/egress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "core/model/model.h"
#include "daemon/engine/engine.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/net/abilities.h"
#include "daemon/net/devices.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"
#include "dp/lost.h"
#include "dp/pass.h"

#define LOOK_MS 1000
#define QUIET_LOOKS 10		/* a loss is told of for so long */
#define HELP_LOOKS 3		/* what is lost after so many, the program does not help */

/* ---- which devices ---- */

static struct egress *find(const struct egress_watch *w, uint32_t ifindex)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->list[i].ifindex == ifindex)
			return &w->list[i];
	return NULL;
}

/* The egress of that index, with the name that its device has now. NULL: no memory. */
static struct egress *get(struct egress_watch *w, uint32_t ifindex)
{
	const struct device *device = devices_at(w->engine->devices, ifindex);
	struct egress *known = find(w, ifindex), *list;

	if (!known) {
		list = array_grow(w->list, w->count, sizeof(*list));
		if (!list)
			return NULL;
		w->list = list;
		known = &list[w->count++];
		*known = (struct egress){ .ifindex = ifindex, .quiet = QUIET_LOOKS,
					  .refused = QUIET_LOOKS };
		snprintf(known->name, sizeof(known->name), "interface %u", ifindex);
	}
	if (device)
		snprintf(known->name, sizeof(known->name), "%s", device->name);
	return known;
}

/* Packets that come in at the interface `from` leave by that device. */
static void redirects(struct egress_watch *w, const struct device *from, uint32_t to)
{
	struct egress *egress = to == from->ifindex || !devices_at(w->engine->devices, to) ?
				NULL : get(w, to);

	if (egress)
		snprintf(egress->via, sizeof(egress->via), "%s", from->name);
}

/* The devices that lead to backends; also while a neighbour does not answer. */
static void redirects_to_backends(struct egress_watch *w, const struct device *from)
{
	const struct engine *e = w->engine;
	uint32_t last = 0;

	for (uint32_t id = 1; id < e->dp->backend_count; id++) {
		const struct live_backend *backend = e->live->by_id[id];
		uint32_t to = backend && backend->nexthop ? backend->nexthop->sender : 0;

		if (to && to != last)
			redirects(w, from, to);
		last = to ?: last;
	}
}

/* The interface of a wish that runs our program in its driver: only that has drivers redirect. */
static const struct device *native(const struct engine *e, const struct wish *wish)
{
	const struct device *device = wish->ifindex ? devices_at(e->devices, wish->ifindex) : NULL;
	struct ability ability;

	if (!device || ability_get(device->ifindex, &ability))
		return NULL;
	return ability.native && ability.program == e->dp->prog_id ? device : NULL;
}

static void follow(struct egress_watch *w)
{
	const struct engine *e = w->engine;

	for (size_t i = 0; i < w->count; i++)
		if (w->list[i].refused >= QUIET_LOOKS)
			w->list[i].via[0] = 0;
	w->native[0] = 0;
	for (size_t i = 0; i < e->wishes.count; i++) {
		const struct device *from = native(e, &e->wishes.list[i]);

		if (!from)
			continue;
		strcpy(w->native, from->name);
		redirects_to_backends(w, from);
	}
}

static void forget_idle(struct egress_watch *w)
{
	for (size_t i = w->count; i-- > 0;)
		if (!w->list[i].via[0] && w->list[i].quiet >= QUIET_LOOKS)
			w->list[i] = w->list[--w->count];
}

/* ---- what they lose ---- */

static uint64_t lost_before(const struct egress_watch *w, const struct dp_lost *lost)
{
	for (size_t i = 0; i < w->lost_count; i++)
		if (w->lost[i].ifindex == lost->ifindex && w->lost[i].reason == lost->reason)
			return w->lost[i].packets;
	return 0;
}

/* As wish_say(), for those who look for what happened at an interface. */
static void say(const struct egress *egress, char why[WISH_WHY], const char *text)
{
	if (strcmp(why, text))
		log_of(LOG_LEVEL_WARNING, "interface", egress->name, "%s", text);
	snprintf(why, WISH_WHY, "%s", text);
}

static bool is_refusal(uint32_t reason)
{
	return reason == ENXIO || reason == EOPNOTSUPP;
}

/* A device that refuses packets is one by which they leave, though no backend is there: a client is. */
static void loses(struct egress_watch *w, const struct dp_lost *lost)
{
	struct egress *egress = get(w, lost->ifindex);

	if (!egress)
		return;
	egress->quiet = 0;
	egress->reason = lost->reason;
	if (!is_refusal(lost->reason))
		return;
	egress->refused = 0;
	if (!egress->via[0] && strcmp(egress->name, w->native))
		strcpy(egress->via, w->native);
}

static void look_at_losses(struct egress_watch *w)
{
	struct dp_lost *now;
	size_t count;

	for (size_t i = 0; i < w->count; i++) {
		w->list[i].refused += w->list[i].refused < QUIET_LOOKS;
		w->list[i].quiet += w->list[i].quiet < QUIET_LOOKS;
	}
	if (dp_lost_read(w->engine->dp, &now, &count))
		return;
	for (size_t i = 0; i < count && w->looked; i++)
		if (now[i].packets > lost_before(w, &now[i]))
			loses(w, &now[i]);
	free(w->lost);
	w->lost = now;
	w->lost_count = count;
	w->looked = true;
}

/* What a device cannot do is not said again as what it loses by that. */
static void say_losses(struct egress *egress)
{
	char text[WISH_WHY];

	if (egress->quiet >= QUIET_LOOKS || (egress->why[0] && is_refusal(egress->reason)))
		wish_say(egress->losing, NULL);
	if (egress->quiet || (egress->why[0] && is_refusal(egress->reason)))
		return;
	snprintf(text, sizeof(text), "%s: packets are lost after they were sent: %s (%s)", egress->name,
		 dp_lost_help(egress->reason), dp_lost_word(egress->reason));
	say(egress, egress->losing, text);
}

/* ---- what they can do ---- */

/* Devices over others: the kernel redirects to none of these, and says so only since 6.3. */
static const struct {
	const char *kind, *name;
} stacked[] = {
	{ "bridge", "a bridge" },
	{ "vlan", "a VLAN device" },
	{ "macvlan", "a macvlan device" },
	{ "macvtap", "a macvtap device" },
	{ "ipvlan", "an ipvlan device" },
	{ "team", "a team" },
	{ "vrf", "a VRF" },
	{ "bond", "a bond whose devices do not all send them" },	/* known since 6.3 */
};

static const char *stacked_name(const struct ability *ability)
{
	for (size_t i = 0; i < ARRAY_SIZE(stacked); i++)
		if (!strcmp(ability->kind, stacked[i].kind) &&
		    (ability->sends == ABILITY_SENDS_NOT || strcmp(ability->kind, "bond")))
			return stacked[i].name;
	return NULL;
}

static void __attribute__((format(printf, 2, 3))) cannot(struct egress *egress, const char *fmt, ...)
{
	char text[WISH_WHY];
	int len = snprintf(text, sizeof(text), "%s: cannot send redirected packets: ", egress->name);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	say(egress, egress->why, text);
}

static void cannot_by_driver(struct egress *egress)
{
	cannot(egress, "its driver does not: want another device to the backends, or `xring detach %s` "
	       "and `xring attach %s --mode generic`", egress->via, egress->via);
}

/* Tries whether the driver sends while its device runs a program. */
static void try_program(struct egress_watch *w, struct egress *egress)
{
	struct ability with;
	struct why why;

	if (dp_pass_attach(w->engine->dp, egress->name, egress->ifindex, &why)) {
		egress->tried = true;
		cannot(egress, "its driver may want an XDP program at it, which cannot be attached: %s",
		       why.text);
		return;
	}
	if (ability_get(egress->ifindex, &with) || with.sends == ABILITY_SENDS_NOT) {
		dp_pass_detach(w->engine->dp, egress->ifindex);
		egress->tried = true;
		cannot_by_driver(egress);
		return;
	}
	egress->passed = 0;
	log_info("%s: attached a program that passes everything, without which its driver sends no "
		 "redirected packets", egress->name);
	wish_say(egress->why, NULL);
}

static bool forbidden(const struct egress_watch *w, uint32_t ifindex)
{
	const struct device *device = devices_at(w->engine->devices, ifindex);
	const struct interface *interface =
		device ? model_interface(&w->engine->model, device->name) : NULL;

	return interface && interface->no_program;
}

static void want_program(struct egress_watch *w, struct egress *egress, const struct ability *ability)
{
	bool passes = dp_pass_is(w->engine->dp, egress->ifindex);

	if (passes && ability->sends == ABILITY_UNKNOWN &&
	    (egress->passed < HELP_LOOKS || egress->refused)) {
		wish_say(egress->why, NULL);	/* what is lost may have been lost before */
		return;
	}
	if (passes) {
		dp_pass_detach(w->engine->dp, egress->ifindex);
		egress->tried = true;
	}
	if (forbidden(w, egress->ifindex))
		cannot(egress, "its driver may want an XDP program at it, which `attach: false` forbids");
	else if (egress->tried || ability->program)
		cannot_by_driver(egress);
	else
		try_program(w, egress);
}

static void judge(struct egress_watch *w, struct egress *egress)
{
	struct ability ability;

	egress->passed++;
	if (!egress->via[0]) {
		wish_say(egress->why, NULL);
		return;
	}
	if (ability_get(egress->ifindex, &ability))
		return;		/* it is gone, or the kernel does not say: the next look tells */
	if (stacked_name(&ability) && ability.sends != ABILITY_SENDS)
		cannot(egress, "it is %s: want another device to the backends, or `xring detach %s` and "
		       "`xring attach %s --mode generic`", stacked_name(&ability), egress->via,
		       egress->via);
	else if (ability.sends == ABILITY_SENDS ||
		 (ability.sends == ABILITY_UNKNOWN && egress->refused >= QUIET_LOOKS))
		wish_say(egress->why, NULL);
	else if (!strcmp(ability.kind, "veth"))
		cannot(egress, "the far end of this veth takes none: want `ethtool -K DEV gro on` or an "
		       "XDP program there");
	else if (*ability.kind)
		cannot_by_driver(egress);
	else
		want_program(w, egress, &ability);
}

/* The program stays until our own is nowhere attached: to take it off may take a link down. */
static bool stays(void *context, uint32_t ifindex)
{
	const struct egress_watch *w = context;
	const struct wishes *wishes = &w->engine->wishes;
	bool any = false;

	for (size_t i = 0; i < wishes->count; i++)
		any |= wishes->list[i].ifindex;
	return any && !forbidden(w, ifindex);
}

void egress_look(struct egress_watch *w)
{
	follow(w);
	look_at_losses(w);
	for (size_t i = 0; i < w->count; i++) {
		judge(w, &w->list[i]);
		say_losses(&w->list[i]);
	}
	dp_pass_sweep(w->engine->dp, stays, w);
	forget_idle(w);
}

static void look_due(void *context)
{
	egress_look(context);
}

int egress_open(struct engine *e, struct egress_watch *ret)
{
	int err = loop_timer_new(e->loop, &ret->timer, look_due, ret);

	if (err)
		return err;
	ret->engine = e;
	loop_timer_every(&ret->timer, LOOK_MS);
	egress_look(ret);
	return 0;
}

void egress_close(struct egress_watch *watch)
{
	if (watch->engine)
		loop_timer_close(watch->engine->loop, &watch->timer);
	free(watch->list);
	free(watch->lost);
	*watch = (struct egress_watch){};
}
