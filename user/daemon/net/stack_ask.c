// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/stack_ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include <xring/vlan.h>

#include "daemon/net/abilities.h"
#include "daemon/net/rtnl.h"

/* ---- what a device is ---- */

static void data_read(const struct nlattr *data, struct stack_link *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, data) {
		uint16_t type = mnl_attr_get_type(attr);

		if (ret->kind == STACK_VLAN && type == IFLA_VLAN_ID)
			ret->tag |= mnl_attr_get_u16(attr) | XRING_TAG;
		else if (ret->kind == STACK_VLAN && type == IFLA_VLAN_PROTOCOL &&
			 ntohs(mnl_attr_get_u16(attr)) == ETH_P_8021AD)
			ret->tag |= XRING_TAG_AD;
		else if (ret->kind == STACK_BOND && type == IFLA_BOND_ACTIVE_SLAVE)
			ret->below = mnl_attr_get_u32(attr);
		else if (ret->kind == STACK_BRIDGE && type == IFLA_BR_VLAN_FILTERING)
			ret->filters = mnl_attr_get_u8(attr);
	}
}

static void info_read(const struct nlattr *info, struct stack_link *ret)
{
	const struct nlattr *data = NULL, *attr;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
		else if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			ret->kind = stack_kind_of(mnl_attr_get_payload(attr));
	}
	if (data)
		data_read(data, ret);
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct stack_link *link = data;
	const struct nlattr *attr;
	uint32_t below = 0;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	link->up = ifi->ifi_flags & IFF_UP;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_MTU:
			link->mtu = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK:
			below = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINKINFO:
			info_read(attr, link);
			break;
		}
	}
	if (link->kind == STACK_VLAN || link->kind == STACK_MACVLAN)
		link->below = below;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		if (mnl_attr_get_type(attr) == IFLA_LINK_NETNSID)
			link->below = 0;
	return MNL_CB_OK;
}

/* ---- the devices of a bond ---- */

struct slaves {
	uint32_t bond;
	uint32_t first;			/* the first that runs; 0: none does */
};

static int on_slave(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct slaves *slaves = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || !(ifi->ifi_flags & IFF_RUNNING))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		if (mnl_attr_get_type(attr) == IFLA_MASTER && !slaves->first &&
		    mnl_attr_get_u32(attr) == slaves->bond)
			slaves->first = ifi->ifi_index;
	return MNL_CB_OK;
}

/*
 * A bond takes redirected packets itself where all its devices do; older kernels do not say. Else
 * its active device sends, or, in modes in which all of them are active, the first.
 */
static int bond_read(struct mnl_socket *nl, uint32_t ifindex, struct stack_link *ret)
{
	struct slaves slaves = { .bond = ifindex };
	struct ability ability;
	struct nlmsghdr *nlh;
	char buf[RTNL_MESSAGE];
	int err = ability_get(ifindex, &ability);

	if (err)
		return err;
	ret->sends = ability.sends != ABILITY_SENDS_NOT;
	if (ret->sends || ret->below)
		return 0;
	nlh = rtnl_link_message(buf, 0, NLM_F_DUMP);
	mnl_attr_put_u32(nlh, IFLA_MASTER, ifindex);
	err = netlink_ask(nl, nlh, on_slave, &slaves);
	ret->below = slaves.first;
	return err;
}

static int link_ask(struct mnl_socket *nl, uint32_t ifindex, struct stack_link *ret)
{
	char buf[RTNL_MESSAGE];
	int err;

	*ret = (struct stack_link){};
	err = netlink_ask(nl, rtnl_link_message(buf, ifindex, 0), on_link, ret);
	if (!err && ret->kind == STACK_BOND)
		err = bond_read(nl, ifindex, ret);
	return err;
}

static int kept_link(void *context, uint32_t ifindex, struct stack_link *ret)
{
	struct stack_asker *a = context;
	int err;

	for (size_t i = 0; i < a->count; i++)
		if (a->kept[i].ifindex == ifindex) {
			*ret = a->kept[i].link;
			return 0;
		}
	err = link_ask(a->nl, ifindex, ret);
	if (!err && a->count < STACK_KEPT) {
		a->kept[a->count].ifindex = ifindex;
		a->kept[a->count++].link = *ret;
	}
	return err;
}

/* ---- the ports of a bridge ---- */

static int on_entry(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWNEIGH)
		*(uint32_t *)data = ndm->ndm_ifindex;
	return MNL_CB_OK;
}

static int port_ask(void *context, uint32_t bridge, const uint8_t mac[6], uint32_t *ret)
{
	struct stack_asker *a = context;
	char buf[RTNL_MESSAGE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;
	int err;

	nlh->nlmsg_type = RTM_GETNEIGH;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	mnl_attr_put_u32(nlh, NDA_MASTER, bridge);
	mnl_attr_put(nlh, NDA_LLADDR, 6, mac);
	*ret = 0;
	err = netlink_ask(a->nl, nlh, on_entry, ret);
	return err == -ENOENT ? 0 : err;
}

struct stack_questions stack_questions(struct stack_asker *asker)
{
	return (struct stack_questions){ asker, kept_link, port_ask };
}

void stack_bottoms(const uint32_t *devices, size_t count, struct stack_bottom *ret)
{
	struct stack_asker asker = {};
	struct stack_questions questions = stack_questions(&asker);

	memset(ret, 0, count * sizeof(*ret));
	if (rtnl_open(&asker.nl))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *why;

		if (stack_walk(&questions, devices[i], NULL, &ret[i], &why) || why)
			ret[i] = (struct stack_bottom){};
	}
	mnl_socket_close(asker.nl);
}

void stack_forget(struct stack_asker *asker)
{
	asker->count = 0;
}
