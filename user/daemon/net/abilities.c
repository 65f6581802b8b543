// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kind and program come by rtnetlink; what a driver can do, from the generic netlink family
 * "netdev", which the headers of older systems lack.
 */
#include "daemon/net/abilities.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/util.h"
#include "daemon/net/rtnl.h"

#define NETDEV_FAMILY "netdev"
#define NETDEV_DEV_GET 1		/* NETDEV_CMD_DEV_GET */
#define NETDEV_IFINDEX 1		/* NETDEV_A_DEV_IFINDEX */
#define NETDEV_FEATURES 3		/* NETDEV_A_DEV_XDP_FEATURES */
#define NETDEV_SENDS 4u			/* NETDEV_XDP_ACT_NDO_XMIT */

/* ---- rtnetlink ---- */

static int on_info(const struct nlattr *attr, void *data)
{
	struct ability *ability = data;
	size_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND && len <= sizeof(ability->kind))
		memcpy(ability->kind, mnl_attr_get_payload(attr), len);
	return MNL_CB_OK;
}

static int on_xdp(const struct nlattr *attr, void *data)
{
	struct ability *ability = data;

	if (mnl_attr_get_type(attr) == IFLA_XDP_PROG_ID)
		ability->program = mnl_attr_get_u32(attr);
	else if (mnl_attr_get_type(attr) == IFLA_XDP_ATTACHED)
		ability->native = mnl_attr_get_u8(attr) == XDP_ATTACHED_DRV;
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			mnl_attr_parse_nested(attr, on_info, data);
		else if (mnl_attr_get_type(attr) == IFLA_XDP)
			mnl_attr_parse_nested(attr, on_xdp, data);
	}
	return MNL_CB_OK;
}

static int link_ask(uint32_t ifindex, struct ability *ret)
{
	char buf[RTNL_MESSAGE];
	struct mnl_socket *nl;
	int err = rtnl_open(&nl);

	if (err)
		return err;
	err = netlink_ask(nl, rtnl_link_message(buf, ifindex, 0), on_link, ret);
	mnl_socket_close(nl);
	return err;
}

/* ---- the family netdev ---- */

static struct nlmsghdr *generic_message(char *buf, uint16_t family, uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = family;
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

static int on_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int on_features(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct ability *ability = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != NETDEV_FEATURES)
			continue;
		ability->features = mnl_attr_get_u64(attr);
		ability->sends = ability->features & NETDEV_SENDS ? ABILITY_SENDS : ABILITY_SENDS_NOT;
	}
	return MNL_CB_OK;
}

static int features_ask(struct mnl_socket *nl, uint32_t ifindex, struct ability *ret)
{
	char buf[512];
	struct nlmsghdr *nlh = generic_message(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t family = 0;
	int err;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	err = netlink_ask(nl, nlh, on_family, &family);
	if (err == -ENOENT || (!err && !family))
		return 0;		/* ABILITY_UNKNOWN */
	if (err)
		return err;
	nlh = generic_message(buf, family, NETDEV_DEV_GET);
	mnl_attr_put_u32(nlh, NETDEV_IFINDEX, ifindex);
	return netlink_ask(nl, nlh, on_features, ret);
}

int ability_get(uint32_t ifindex, struct ability *ret)
{
	struct ability ability = { .features = -1 };
	struct mnl_socket *nl;
	int err = link_ask(ifindex, &ability) ?: netlink_open(NETLINK_GENERIC, &nl);

	if (err)
		return err;
	err = features_ask(nl, ifindex, &ability);
	mnl_socket_close(nl);
	if (!err)
		*ret = ability;
	return err;
}

bool ability_strips_tags(const char *device)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_data = (void *)&flags };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	return fd >= 0 && !ioctl(fd, SIOCETHTOOL, &request) && flags.data & ETH_FLAG_RXVLAN;
}
