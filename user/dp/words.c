// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/words.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"

struct request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct nlattr xdp;
	struct nlattr fd;
	int32_t fd_value;
	struct nlattr flags;
	uint32_t flags_value;
};

static struct request attach_request(int ifindex, int prog_fd, uint32_t flags)
{
	struct request r = {
		.head = { sizeof(r), RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.link = { .ifi_index = ifindex },
		.xdp = { sizeof(r) - offsetof(struct request, xdp), IFLA_XDP | NLA_F_NESTED },
		.fd = { NLA_HDRLEN + sizeof(r.fd_value), IFLA_XDP_FD },
		.fd_value = prog_fd,
		.flags = { NLA_HDRLEN + sizeof(r.flags_value), IFLA_XDP_FLAGS },
		.flags_value = flags,
	};

	return r;
}

/* The attribute of that type among those in `bytes` bytes; NULL: there is none. */
static const struct nlattr *attribute_find(const char *at, size_t bytes, uint16_t type)
{
	while (bytes >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)at;
		size_t whole = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > bytes)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		if (whole > bytes)
			return NULL;
		at += whole;
		bytes -= whole;
	}
	return NULL;
}

/* What is said in an answer; returns its error number. */
static int answer_words(const char *answer, size_t bytes, char *ret, size_t size)
{
	const struct nlmsghdr *head = (const void *)answer;
	const struct nlmsgerr *error = NLMSG_DATA(head);
	size_t at = NLMSG_LENGTH(sizeof(*error));
	const struct nlattr *words;

	if (bytes < at || head->nlmsg_type != NLMSG_ERROR)
		return -1;
	if (!(head->nlmsg_flags & NLM_F_CAPPED))
		at += NLMSG_ALIGN(error->msg.nlmsg_len - NLMSG_HDRLEN);
	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS) || at > bytes)
		return error->error;
	words = attribute_find(answer + at, bytes - at, NLMSGERR_ATTR_MSG);
	if (words)
		snprintf(ret, size, "%.*s", (int)(words->nla_len - NLA_HDRLEN),
			 (const char *)words + NLA_HDRLEN);
	return error->error;
}

static int ask(int fd, const struct request *r, char *ret, size_t size)
{
	_Alignas(struct nlmsghdr) char answer[1024];
	ssize_t len;

	if (send(fd, r, sizeof(*r), 0) != (ssize_t)sizeof(*r))
		return -1;
	len = recv(fd, answer, sizeof(answer), 0);
	return len < 0 ? -1 : answer_words(answer, (size_t)len, ret, size);
}

void attach_words(int ifindex, int prog_fd, uint32_t mode, char *ret, size_t size)
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct request on = attach_request(ifindex, prog_fd, mode | XDP_FLAGS_UPDATE_IF_NOEXIST);
	struct request off = attach_request(ifindex, -1, mode);
	int yes = 1;

	ret[0] = '\0';
	if (fd < 0 || setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes)))
		return;
	if (!ask(fd, &on, ret, size))
		ask(fd, &off, ret, size);
}
