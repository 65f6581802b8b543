// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TCP handshake. A connection that was made is closed as a client closes it, so that its server
 * has no error to log; this host keeps it in TIME_WAIT for a minute.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/probe/probe.h"

static void judge(struct probe *p, int err)
{
	/* Only an established connection can be reset, so the handshake was complete. */
	if (err && err != ECONNRESET && err != EPIPE)
		return probe_refused(p, err);
	if (!err) {
		loop_remove(p->engine, &p->connect);
		shutdown(p->connect.fd, SHUT_WR);
		probe_part(p, take_fd(&p->connect.fd));
	}
	probe_end(p, PROBE_GOOD, "connected");
}

static void ready(void *context, uint32_t events)
{
	struct probe *p = context;
	int err = 0;
	socklen_t len = sizeof(err);

	(void)events;
	if (getsockopt(p->connect.fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	judge(p, err);
}

static void tcp_start(struct probe *p)
{
	struct sockaddr_storage to;
	socklen_t len = probe_sockaddr(p, &to);
	int fd = probe_socket(p);
	int err;

	p->connect = (struct loop_source){ fd, ready, p };
	if (fd < 0)
		return probe_refused(p, errno);
	if (!connect(fd, (struct sockaddr *)&to, len))
		return judge(p, 0);
	if (errno != EINPROGRESS)
		return judge(p, errno);
	err = loop_add(p->engine, &p->connect, EPOLLOUT);
	if (err)
		probe_unable(p, -err, "");
}

static void tcp_stop(struct probe *p)
{
	if (p->connect.fd < 0)
		return;
	loop_remove(p->engine, &p->connect);
	close(p->connect.fd);
}

/* The kind needs nothing but the loop. */
static int tcp_open(struct loop *loop, void **ret)
{
	*ret = loop;
	return 0;
}

static void tcp_close(void *engine)
{
	(void)engine;
}

const struct probe_kind probe_tcp = {
	.open = tcp_open,
	.close = tcp_close,
	.start = tcp_start,
	.stop = tcp_stop,
};
