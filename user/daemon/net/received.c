// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/received.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "daemon/net/rtnl.h"

struct asked {
	void (*each)(void *context, const struct received *received);
	void *context;
};

static int on_xdp(const struct nlattr *attr, void *data)
{
	struct received *received = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_XDP_DRV_PROG_ID:
		received->programs[0] = mnl_attr_get_u32(attr);
		break;
	case IFLA_XDP_SKB_PROG_ID:
		received->programs[1] = mnl_attr_get_u32(attr);
		break;
	case IFLA_XDP_HW_PROG_ID:
		received->programs[2] = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

/* The attribute is aligned to 4 bytes only. */
static uint64_t rx_packets(const struct nlattr *attr)
{
	uint64_t ret = 0;

	if (mnl_attr_get_payload_len(attr) >= sizeof(ret))
		memcpy(&ret, mnl_attr_get_payload(attr), sizeof(ret));	/* its first member */
	return ret;
}

_Static_assert(__builtin_offsetof(struct rtnl_link_stats64, rx_packets) == 0, "see rx_packets()");

static int on_device(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct asked *asked = data;
	struct received received = { .ifindex = ifi->ifi_index };
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWLINK || ifi->ifi_family != AF_UNSPEC)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_STATS64)
			received.packets = rx_packets(attr);
		else if (mnl_attr_get_type(attr) == IFLA_XDP)
			mnl_attr_parse_nested(attr, on_xdp, &received);
	}
	asked->each(asked->context, &received);
	return MNL_CB_OK;
}

int received_ask(void (*each)(void *context, const struct received *received), void *context)
{
	struct asked asked = { each, context };
	char buf[RTNL_MESSAGE];
	struct mnl_socket *nl;
	int err = rtnl_open(&nl);

	if (err)
		return err;
	err = netlink_ask(nl, rtnl_link_message(buf, 0, NLM_F_DUMP), on_device, &asked);
	mnl_socket_close(nl);
	return err;
}
