// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions to the kernel by rtnetlink, through libmnl. */
#include "daemon/net/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include <xring/vlan.h>

#include "core/value/address.h"
#include "daemon/net/stack.h"

static size_t address_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void address_set(struct address *a, int family, const void *bytes)
{
	*a = (struct address){ .family = family };
	memcpy(a->bytes, bytes, address_len(family));
}

static int on_metric(const struct nlattr *attr, void *data)
{
	struct rtnl_route *route = data;

	if (mnl_attr_get_type(attr) == RTAX_MTU)
		route->mtu = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static void route_via(const struct nlattr *attr, struct rtnl_route *route)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);

	if (via->rtvia_family == AF_INET || via->rtvia_family == AF_INET6)
		address_set(&route->gateway, via->rtvia_family, via->rtvia_addr);
}

static int on_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct rtnl_route *route = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	route->type = rtm->rtm_type;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_OIF:
			route->ifindex = mnl_attr_get_u32(attr);
			break;
		case RTA_GATEWAY:
			address_set(&route->gateway, rtm->rtm_family, mnl_attr_get_payload(attr));
			break;
		case RTA_VIA:
			route_via(attr, route);
			break;
		case RTA_PREFSRC:
			address_set(&route->source, rtm->rtm_family, mnl_attr_get_payload(attr));
			break;
		case RTA_METRICS:
			mnl_attr_parse_nested(attr, on_metric, route);
			break;
		}
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct rtnl_link *link = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	link->type = ifi->ifi_type;
	link->flags = ifi->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_MTU)
			link->mtu = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_ADDRESS &&
			 mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
	}
	return MNL_CB_OK;
}

static int on_neighbour(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct rtnl_neighbour *neighbour = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWNEIGH)
		return MNL_CB_OK;
	neighbour->state = ndm->ndm_state;
	mnl_attr_for_each(attr, nlh, sizeof(*ndm))
		if (mnl_attr_get_type(attr) == NDA_LLADDR &&
		    mnl_attr_get_payload_len(attr) == sizeof(neighbour->mac))
			memcpy(neighbour->mac, mnl_attr_get_payload(attr), sizeof(neighbour->mac));
	return MNL_CB_OK;
}

/* What IFLA_LINKINFO says of a device over others, and more of a VLAN device and a bond. */
static void info_read(const struct nlattr *info, struct device *ret)
{
	const struct nlattr *data = NULL, *attr;
	uint16_t vid = 0, proto = 0;
	bool vlan = false, bond = false;

	mnl_attr_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND) {
			ret->stacked = stack_kind_of(mnl_attr_get_payload(attr)) != STACK_BOTTOM;
			vlan = stack_kind_of(mnl_attr_get_payload(attr)) == STACK_VLAN;
			bond = stack_kind_of(mnl_attr_get_payload(attr)) == STACK_BOND;
		}
		if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
	}
	if (!data)
		return;
	mnl_attr_for_each_nested(attr, data)
		if (bond && mnl_attr_get_type(attr) == IFLA_BOND_ACTIVE_SLAVE)
			ret->active = mnl_attr_get_u32(attr);
	if (!vlan)
		return;
	mnl_attr_for_each_nested(attr, data) {
		if (mnl_attr_get_type(attr) == IFLA_VLAN_ID)
			vid = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == IFLA_VLAN_PROTOCOL)
			proto = ntohs(mnl_attr_get_u16(attr));
	}
	ret->tag = vid | XRING_TAG | (proto == ETH_P_8021AD ? XRING_TAG_AD : 0);
}

bool rtnl_device_read(const struct nlmsghdr *nlh, struct rtnl_device *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	bool here = true;

	/* AF_BRIDGE messages are about ports of bridges, not about the device. */
	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    ifi->ifi_family != AF_UNSPEC)
		return false;
	*ret = (struct rtnl_device){ .is.ifindex = ifi->ifi_index,
				     .gone = nlh->nlmsg_type == RTM_DELLINK };
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		uint16_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) == IFLA_IFNAME && len <= sizeof(ret->is.name))
			memcpy(ret->is.name, mnl_attr_get_payload(attr), len);
		else if (mnl_attr_get_type(attr) == IFLA_ADDRESS &&
			 ifi->ifi_type == ARPHRD_ETHER && len == sizeof(ret->is.mac))
			memcpy(ret->is.mac, mnl_attr_get_payload(attr), len);
		else if (mnl_attr_get_type(attr) == IFLA_LINK && len == sizeof(ret->is.link))
			ret->is.link = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_MASTER)
			ret->is.master = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_LINK_NETNSID)
			here = false;		/* the device below is in another namespace */
		else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			info_read(attr, &ret->is);
	}
	if (!ret->is.tag || !here)
		ret->is.link = 0;
	return true;
}

struct each_device {
	void (*on_device)(void *context, const struct rtnl_device *device);
	void *context;
};

static int on_device_message(const struct nlmsghdr *nlh, void *data)
{
	const struct each_device *each = data;
	struct rtnl_device device;

	if (rtnl_device_read(nlh, &device))
		each->on_device(each->context, &device);
	return MNL_CB_OK;
}

int netlink_ask(struct mnl_socket *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	static unsigned sequence;
	char buf[32768];
	ssize_t len;
	int ret;

	nlh->nlmsg_seq = ++sequence;
	nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, nlh->nlmsg_seq, mnl_socket_get_portid(nl), cb, data);
	} while (ret > MNL_CB_STOP || (ret < 0 && errno == EPROTO));
	return ret < 0 ? -errno : 0;
}

int rtnl_open(struct mnl_socket **ret)
{
	return netlink_open(NETLINK_ROUTE, ret);
}

int netlink_open(int protocol, struct mnl_socket **ret)
{
	struct mnl_socket *nl = mnl_socket_open2(protocol, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err;

	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID)) {
		err = -errno;
		mnl_socket_close(nl);
		return err;
	}
	*ret = nl;
	return 0;
}

struct nlmsghdr *rtnl_link_message(char buf[RTNL_MESSAGE], uint32_t ifindex, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = flags;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	return nlh;
}

int rtnl_devices(struct mnl_socket *nl,
		 void (*on_device)(void *context, const struct rtnl_device *device), void *context)
{
	struct each_device each = { on_device, context };
	char buf[RTNL_MESSAGE];
	struct nlmsghdr *nlh = rtnl_link_message(buf, 0, NLM_F_DUMP);

	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return netlink_ask(nl, nlh, on_device_message, &each);
}

int rtnl_route_get(struct mnl_socket *nl, const struct address *to, struct rtnl_route *ret)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = to->family;
	rtm->rtm_dst_len = address_len(to->family) * 8;
	mnl_attr_put(nlh, RTA_DST, address_len(to->family), to->bytes);
	*ret = (struct rtnl_route){};
	return netlink_ask(nl, nlh, on_route, ret);
}

int rtnl_link_get(struct mnl_socket *nl, uint32_t ifindex, struct rtnl_link *ret)
{
	char buf[RTNL_MESSAGE];

	*ret = (struct rtnl_link){};
	return netlink_ask(nl, rtnl_link_message(buf, ifindex, 0), on_link, ret);
}

static struct nlmsghdr *neighbour_message(char *buf, uint16_t type, uint32_t ifindex,
					  const struct address *address)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	nlh->nlmsg_type = type;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = address->family;
	ndm->ndm_ifindex = ifindex;
	mnl_attr_put(nlh, NDA_DST, address_len(address->family), address->bytes);
	return nlh;
}

int rtnl_neighbour_get(struct mnl_socket *nl, uint32_t ifindex, const struct address *address,
			 struct rtnl_neighbour *ret)
{
	char buf[512];
	struct nlmsghdr *nlh = neighbour_message(buf, RTM_GETNEIGH, ifindex, address);

	*ret = (struct rtnl_neighbour){};
	return netlink_ask(nl, nlh, on_neighbour, ret);
}

int rtnl_neighbour_use(struct mnl_socket *nl, uint32_t ifindex, const struct address *address)
{
	char buf[512];
	struct nlmsghdr *nlh = neighbour_message(buf, RTM_NEWNEIGH, ifindex, address);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);

	nlh->nlmsg_flags = NLM_F_CREATE;
	ndm->ndm_flags = NTF_USE;
	ndm->ndm_state = NUD_NONE;
	return netlink_ask(nl, nlh, NULL, NULL);
}
