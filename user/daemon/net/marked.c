// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/marked.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <xring/check.h>

#include "base/log.h"
#include "daemon/net/rtnl.h"

/*
 * Before the rules of other software, but for that of local addresses: a VIP of this host itself
 * goes to lo by that one.
 */
#define RULE_PRIORITY 72u

static int rule(struct mnl_socket *nl, uint8_t family, uint16_t type, uint16_t flags)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct fib_rule_hdr *frh;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));
	frh->family = family;
	frh->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(nlh, FRA_PRIORITY, RULE_PRIORITY);
	mnl_attr_put_u32(nlh, FRA_FWMARK, XRING_CHECK_MARK);
	mnl_attr_put_u32(nlh, FRA_FWMASK, XRING_CHECK_MASK);
	mnl_attr_put_u32(nlh, FRA_TABLE, XRING_CHECK_TABLE);
	return netlink_ask(nl, nlh, NULL, NULL);
}

/* A local route, as IPv6 takes any other by lo for one to nowhere. */
static int route(struct mnl_socket *nl, uint8_t family, uint16_t type, uint16_t flags)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *metrics;
	struct rtmsg *rtm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = family;
	rtm->rtm_type = RTN_LOCAL;
	rtm->rtm_scope = RT_SCOPE_HOST;
	rtm->rtm_protocol = RTPROT_STATIC;
	mnl_attr_put_u32(nlh, RTA_TABLE, XRING_CHECK_TABLE);
	mnl_attr_put_u32(nlh, RTA_OIF, if_nametoindex("lo"));
	metrics = mnl_attr_nest_start(nlh, RTA_METRICS);
	mnl_attr_put_u32(nlh, RTAX_MTU, XRING_CHECK_MTU);
	mnl_attr_nest_end(nlh, metrics);
	return netlink_ask(nl, nlh, NULL, NULL);
}

static int family_open(struct mnl_socket *nl, uint8_t family)
{
	int err = rule(nl, family, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);

	if (err && err != -EEXIST)
		return err;
	return route(nl, family, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
}

int marked_open(void)
{
	struct mnl_socket *nl;
	int err = rtnl_open(&nl), err6;

	if (err)
		return log_err(err, "checks via vip: rtnetlink");
	err = family_open(nl, AF_INET);
	err6 = family_open(nl, AF_INET6);
	mnl_socket_close(nl);
	if (err6)
		log_warn("checks via vip: no route for IPv6: %s", errno_text(err6));
	return err ? log_err(err, "checks via vip: the route to lo") : 0;
}

void marked_close(void)
{
	struct mnl_socket *nl;

	if (rtnl_open(&nl))
		return;
	for (int six = 0; six < 2; six++) {
		uint8_t family = six ? AF_INET6 : AF_INET;

		rule(nl, family, RTM_DELRULE, 0);
		route(nl, family, RTM_DELROUTE, 0);
	}
	mnl_socket_close(nl);
}
