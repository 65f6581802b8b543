/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_STACK_ASK_H
#define XRING_DAEMON_NET_STACK_ASK_H

#include <stddef.h>

#include "daemon/net/stack.h"

/* The questions of stack_walk(), put to the kernel. What devices are is kept until stack_forget(). */
struct mnl_socket;

#define STACK_KEPT 16u
struct stack_asker {
	struct mnl_socket *nl;		/* as rtnl.h wants it; the caller's */
	struct {
		uint32_t ifindex;
		struct stack_link link;
	} kept[STACK_KEPT];
	size_t count;
};

struct stack_questions stack_questions(struct stack_asker *asker);
/* For each of these devices: by which one it sends, whoever is to receive it; ifindex 0: not known. */
void stack_bottoms(const uint32_t *devices, size_t count, struct stack_bottom *ret);
/* A device may have changed. */
void stack_forget(struct stack_asker *asker);

#endif
