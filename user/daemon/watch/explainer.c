// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/watch/explainer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/engine/engine.h"
#include "dp/tell/tell.h"

/* Several copies may have loaded it at once. */
static void arrived(void *context, uint32_t events)
{
	struct explainer *w = context;
	struct dp_tell *tell;

	(void)events;
	if (dp_tell_receive(w->source.fd, &tell))
		return;
	if (w->tell)
		dp_tell_close(tell);
	else
		w->tell = tell;
}

int explainer_open(struct engine *e, struct explainer *ret)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return log_err(-errno, "explain");
	*ret = (struct explainer){ e->loop, { ends[0], arrived, ret }, ends[1], NULL };
	return loop_add(e->loop, &ret->source, EPOLLIN);
}

void explainer_close(struct explainer *w)
{
	if (!w->loop)
		return;
	loop_remove(w->loop, &w->source);
	closep(&w->source.fd);
	closep(&w->copys);
	dp_tell_close(w->tell);
}

int explainer_load(struct explainer *w, const struct dp *dp)
{
	int err = dp_tell_open(dp, &w->tell);

	return err ?: dp_tell_send(w->tell, w->copys);
}
