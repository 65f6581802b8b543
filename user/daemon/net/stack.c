// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/stack.h"

#include <stddef.h>
#include <string.h>

#include <xring/vlan.h>

#include "base/util.h"

static const struct {
	const char *word;		/* of the kernel's */
	enum stack_kind kind;
} kinds[] = {
	{ "vlan", STACK_VLAN },
	{ "macvlan", STACK_MACVLAN },
	{ "bond", STACK_BOND },
	{ "bridge", STACK_BRIDGE },
	{ "macvtap", STACK_UNKNOWN },
	{ "ipvlan", STACK_UNKNOWN },
	{ "team", STACK_UNKNOWN },
	{ "vrf", STACK_UNKNOWN },
};

enum stack_kind stack_kind_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].word, word))
			return kinds[i].kind;
	return STACK_BOTTOM;
}

#define DEEPEST 8			/* devices over one another */

struct walk {
	const struct stack_questions *questions;
	const uint8_t *mac;
	uint32_t ifindex;		/* the device that the walk has come to */
	uint16_t tags[2];		/* outer, inner */
	unsigned tag_count;
	bool open;			/* the rest of the way depends on the MAC address, which is not known */
};

static const char *through_vlan(struct walk *w, const struct stack_link *link)
{
	if (w->tag_count == 2)
		return "its interface has more than two VLAN tags";
	if (!link->below)
		return "the device below its VLAN is in another namespace";
	w->tags[1] = w->tags[0];	/* a lower device's tag is the outer one */
	w->tags[0] = link->tag;
	w->tag_count++;
	w->ifindex = link->below;
	return NULL;
}

/* Of VLANs that a bridge filters, its ports' tables would have to be known, too. */
static const char *through_bridge(struct walk *w, const struct stack_link *link, int *ret_err)
{
	uint32_t port = 0;

	if (link->filters)
		return "its interface is a bridge that filters VLANs, which is not resolved: want another "
		       "device to it";
	if (!w->mac) {
		w->open = true;
		return NULL;
	}
	*ret_err = w->questions->port(w->questions->context, w->ifindex, w->mac, &port);
	if (!*ret_err && (!port || port == w->ifindex))
		return "its MAC address is at no port of the bridge yet";
	w->ifindex = port;
	return NULL;
}

/* One device further down. */
static const char *descend(struct walk *w, const struct stack_link *link, int *ret_err)
{
	switch (link->kind) {
	case STACK_VLAN:
		return through_vlan(w, link);
	case STACK_MACVLAN:
		if (!link->below)
			return "the device below its macvlan device is in another namespace";
		w->ifindex = link->below;
		return NULL;
	case STACK_BOND:
		if (!link->below)
			return "its bond has no active device";
		w->ifindex = link->below;
		return NULL;
	case STACK_BRIDGE:
		return through_bridge(w, link, ret_err);
	case STACK_BOTTOM:
	case STACK_UNKNOWN:
		break;
	}
	return "its interface is over others in a way that is not resolved: want another device to it";
}

static bool is_bottom(const struct stack_link *link)
{
	return link->kind == STACK_BOTTOM || (link->kind == STACK_BOND && link->sends);
}

int stack_walk(const struct stack_questions *questions, uint32_t ifindex, const uint8_t *mac,
	       struct stack_bottom *ret, const char **ret_why)
{
	struct walk w = { .questions = questions, .mac = mac, .ifindex = ifindex };
	struct stack_bottom bottom = { .mtu = UINT32_MAX };

	*ret_why = NULL;
	for (int depth = 0; depth < DEEPEST; depth++) {
		struct stack_link link;
		int err = questions->link(questions->context, w.ifindex, &link);

		if (err)
			return err;
		if (!link.up) {
			*ret_why = depth ? "a device below its interface is down" : "its interface is down";
			return 0;
		}
		if (link.mtu < bottom.mtu)
			bottom.mtu = link.mtu;
		if (is_bottom(&link)) {
			bottom.ifindex = w.ifindex;
			bottom.tags = XRING_TAGS(w.tags[0], w.tags[1]);
			bottom.stacked = depth;
			*ret = bottom;
			return 0;
		}
		*ret_why = descend(&w, &link, &err);
		if (err || *ret_why)
			return err;
		if (w.open) {
			*ret = (struct stack_bottom){ .stacked = true, .mtu = bottom.mtu };
			return 0;
		}
	}
	*ret_why = "its interface is over too many others";
	return 0;
}
