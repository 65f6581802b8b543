// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/doctor/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/net/rtnl.h"

struct read {
	struct links links;
	bool failed;
};

static int on_info(const struct nlattr *attr, void *data)
{
	struct link *link = data;
	size_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND && len <= sizeof(link->kind))
		memcpy(link->kind, mnl_attr_get_payload(attr), len);
	return MNL_CB_OK;
}

static int on_xdp(const struct nlattr *attr, void *data)
{
	struct link *link = data;

	if (mnl_attr_get_type(attr) == IFLA_XDP_PROG_ID)
		link->program = mnl_attr_get_u32(attr);
	else if (mnl_attr_get_type(attr) == IFLA_XDP_ATTACHED)
		link->native = mnl_attr_get_u8(attr) != XDP_ATTACHED_SKB;
	return MNL_CB_OK;
}

/* The attribute is aligned to 4 bytes only, and of an older kernel it is shorter. */
static void stats_read(const struct nlattr *attr, struct link *link)
{
	struct rtnl_link_stats64 stats = {};
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(&stats, mnl_attr_get_payload(attr), len < sizeof(stats) ? len : sizeof(stats));
	link->missed = stats.rx_missed_errors;
}

static void attribute_read(const struct nlattr *attr, struct link *link, bool *elsewhere)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_get_payload_len(attr) <= sizeof(link->name))
			memcpy(link->name, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
		break;
	case IFLA_MTU:
		link->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		link->below = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		*elsewhere = true;
		break;
	case IFLA_MASTER:
		link->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_STATS64:
		stats_read(attr, link);
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, on_info, link);
		break;
	case IFLA_XDP:
		mnl_attr_parse_nested(attr, on_xdp, link);
		break;
	}
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct link link = { .ifindex = ifi->ifi_index, .up = ifi->ifi_flags & IFF_UP,
			     .carrier = ifi->ifi_flags & IFF_RUNNING };
	struct read *read = data;
	const struct nlattr *attr;
	bool elsewhere = false;
	struct link *list;

	if (nlh->nlmsg_type != RTM_NEWLINK || ifi->ifi_family != AF_UNSPEC)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		attribute_read(attr, &link, &elsewhere);
	if (elsewhere)
		link.below = 0;
	list = array_grow(read->links.list, read->links.count, sizeof(*list));
	read->failed |= !list;
	if (!list)
		return MNL_CB_OK;
	list[read->links.count++] = link;
	read->links.list = list;
	return MNL_CB_OK;
}

int links_read(struct links *ret)
{
	char buf[RTNL_MESSAGE];
	struct read read = {};
	struct mnl_socket *nl;
	int err = rtnl_open(&nl);

	if (err)
		return err;
	err = netlink_ask(nl, rtnl_link_message(buf, 0, NLM_F_DUMP), on_link, &read);
	mnl_socket_close(nl);
	if (!err && read.failed)
		err = -ENOMEM;
	if (err)
		links_clear(&read.links);
	else
		*ret = read.links;
	return err;
}

void links_clear(struct links *links)
{
	free(links->list);
	*links = (struct links){};
}

const struct link *link_at(const struct links *links, uint32_t ifindex)
{
	for (size_t i = 0; ifindex && i < links->count; i++)
		if (links->list[i].ifindex == ifindex)
			return &links->list[i];
	return NULL;
}

const struct link *link_named(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->count; i++)
		if (!strcmp(links->list[i].name, name))
			return &links->list[i];
	return NULL;
}
