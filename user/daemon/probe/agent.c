// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the agent of a backend: connects, and reads one line, which ends with a line feed, with the
 * # that begins a comment, or with the connection. The result is good, with the line, whatever the
 * line says (core/backend/agent.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/probe/probe.h"

#define LINE 128			/* bytes, with the character that ends it */

struct talk {
	struct loop_source source;
	bool connected;
	size_t len;
	char line[LINE];
};

/* The agent has said all that counts. */
static void heard(struct probe *p)
{
	struct talk *t = p->talk;

	for (size_t i = 0; i < t->len; i++)
		if ((t->line[i] < ' ' || t->line[i] > '~') && t->line[i] != '\t')
			t->line[i] = '?';
	loop_remove(p->engine, &t->source);
	shutdown(t->source.fd, SHUT_WR);
	probe_part(p, take_fd(&t->source.fd));
	probe_end(p, PROBE_GOOD, "%.*s", (int)t->len, t->line);
}

static void read_on(struct probe *p)
{
	struct talk *t = p->talk;
	ssize_t got = recv(t->source.fd, t->line + t->len, sizeof(t->line) - t->len, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0)
		return probe_refused(p, errno);
	for (size_t end = t->len + got; t->len < end; t->len++)
		if (strchr("\r\n#", t->line[t->len]) && t->line[t->len])
			return heard(p);
	if (!got && t->len)
		return heard(p);
	if (!got)
		return probe_end(p, PROBE_BAD, "connection closed without a line");
	if (t->len == sizeof(t->line))
		probe_end(p, PROBE_GOOD, "a line of more than %d bytes", LINE - 1);
}

static void ready(void *context, uint32_t events)
{
	struct probe *p = context;
	struct talk *t = p->talk;
	int err = 0;
	socklen_t len = sizeof(err);

	(void)events;
	if (t->connected)
		return read_on(p);
	if (getsockopt(t->source.fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err)
		return probe_refused(p, err);
	t->connected = true;
	err = loop_modify(p->engine, &t->source, EPOLLIN);
	if (err)
		probe_unable(p, -err, "");
}

static void agent_start(struct probe *p)
{
	struct talk *t = p->talk = calloc(1, sizeof(*t));
	struct sockaddr_storage to;
	socklen_t len = probe_sockaddr(p, &to);
	int err;

	if (!t)
		return probe_unable(p, ENOMEM, "");
	t->source = (struct loop_source){ probe_socket(p), ready, p };
	if (t->source.fd < 0)
		return probe_refused(p, errno);
	t->connected = !connect(t->source.fd, (struct sockaddr *)&to, len);
	if (!t->connected && errno != EINPROGRESS)
		return probe_refused(p, errno);
	err = loop_add(p->engine, &t->source, t->connected ? EPOLLIN : EPOLLOUT);
	if (err)
		probe_unable(p, -err, "");
}

static void agent_stop(struct probe *p)
{
	struct talk *t = p->talk;

	if (t && t->source.fd >= 0) {
		loop_remove(p->engine, &t->source);
		close(t->source.fd);
	}
	free(t);
	p->talk = NULL;
}

static const char *agent_phase(const struct probe *p)
{
	return p->talk && p->talk->connected ? " while waiting for its line" : " while connecting";
}

/* The kind needs nothing but the loop. */
static int agent_open(struct loop *loop, void **ret)
{
	*ret = loop;
	return 0;
}

static void agent_close(void *engine)
{
	(void)engine;
}

const struct probe_kind probe_agent = {
	.open = agent_open,
	.close = agent_close,
	.start = agent_start,
	.stop = agent_stop,
	.phase = agent_phase,
};
