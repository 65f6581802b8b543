// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/firewall.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/net/rtnl.h"

struct chain {
	const char *table, *name;
	int hook;			/* NF_INET_LOCAL_IN and the like; -1: a chain without one */
	bool drops;
};

struct answer {
	char *text;
	size_t size;
};

static int on_hook(const struct nlattr *attr, void *data)
{
	struct chain *chain = data;

	if (mnl_attr_get_type(attr) == NFTA_HOOK_HOOKNUM)
		chain->hook = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

static const char *family_word(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	}
	return NULL;
}

static int on_chain(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
	const char *family = family_word(head->nfgen_family);
	struct chain chain = { .table = "", .name = "", .hook = -1 };
	struct answer *answer = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*head)) {
		switch (mnl_attr_get_type(attr)) {
		case NFTA_CHAIN_TABLE:
			chain.table = mnl_attr_get_str(attr);
			break;
		case NFTA_CHAIN_NAME:
			chain.name = mnl_attr_get_str(attr);
			break;
		case NFTA_CHAIN_HOOK:
			mnl_attr_parse_nested(attr, on_hook, &chain);
			break;
		case NFTA_CHAIN_POLICY:
			chain.drops = ntohl(mnl_attr_get_u32(attr)) == NF_DROP;
			break;
		}
	}
	if (family && chain.drops && !*answer->text &&
	    (chain.hook == NF_INET_LOCAL_IN || chain.hook == NF_INET_LOCAL_OUT))
		snprintf(answer->text, answer->size, "%s %s %s", family, chain.table, chain.name);
	return MNL_CB_OK;
}

const char *firewall_drops(char *ret, size_t size)
{
	struct answer answer = { ret, size };
	char buf[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct nfgenmsg))];
	struct mnl_socket *nl;
	struct nlmsghdr *nlh;
	struct nfgenmsg *head;

	ret[0] = 0;
	/* A kernel with modules would load nf_tables for the question, and without it has no chains. */
	if ((!access("/proc/modules", F_OK) && access("/sys/module/nf_tables", F_OK)) ||
	    netlink_open(NETLINK_NETFILTER, &nl))
		return ret;
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	nlh->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	*head = (struct nfgenmsg){ NFPROTO_UNSPEC, NFNETLINK_V0, 0 };
	netlink_ask(nl, nlh, on_chain, &answer);
	mnl_socket_close(nl);
	return ret;
}
