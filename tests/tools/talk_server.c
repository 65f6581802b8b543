// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "talk.h"

#define TICK_MS 10
#define BATCH 64

struct connection {
	int fd;
	size_t index;			/* among all */
	struct stream stream;
	uint64_t due;			/* when to speak */
};

struct server {
	const struct server_options *options;
	int epoll, listener, udp, signals;
	struct connection **all;
	size_t count;
	uint64_t spoken;		/* when all were looked at */
	char greeting[NAME_MAX_BYTES + 1];
	unsigned long accepted, closed, reset, gaps, records, datagrams;
	char mark[MARK_BYTES];
};

static int listening(const struct endpoint *at, int type)
{
	int fd = socket(at->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at->address, at->len) ||
	    (type == SOCK_STREAM && listen(fd, 4096)))
		die("bind and listen: %s", strerror(errno));
	return fd;
}

static void watch(struct server *s, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll: %s", strerror(errno));
}

/* ---- TCP ---- */

static void drop(struct server *s, struct connection *c, unsigned long *counter)
{
	(*counter)++;
	close(c->fd);
	s->all[c->index] = s->all[--s->count];
	s->all[c->index]->index = c->index;
	free(c);
}

static void take_connections(struct server *s)
{
	for (int fd; (fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
		struct connection *c = calloc(1, sizeof(*c));
		struct connection **all = reallocarray(s->all, s->count + 1, sizeof(*all));

		if (!c || !all)
			die("no memory");
		s->all = all;
		c->fd = fd;
		c->index = s->count;
		all[s->count++] = c;
		s->accepted++;
		watch(s, fd, c);
		/* A fresh socket has room for a name. */
		send(fd, s->greeting, strlen(s->greeting), MSG_NOSIGNAL);
		c->due = soon_ms(s->options->rate);
	}
}

static void hear(struct server *s, struct connection *c)
{
	char bytes[4096];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
	int records = n > 0 ? stream_take(&c->stream, bytes, n, CLIENT_MARK) : 0;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(s, c, n ? &s->reset : &s->closed);
	} else if (records < 0) {
		fprintf(stderr, "talk: %s: a gap after record %llu\n", s->options->name,
			(unsigned long long)c->stream.got);
		drop(s, c, &s->gaps);
	} else {
		s->records += records;
	}
}

static void speak(struct server *s)
{
	uint64_t now = now_ms();

	if (now < s->spoken + TICK_MS)
		return;
	s->spoken = now;
	for (size_t i = s->count; i-- > 0;) {
		struct connection *c = s->all[i];

		if (c->due > now)
			continue;
		c->due = soon_ms(s->options->rate);
		if (stream_send(&c->stream, c->fd, s->mark) < 0)
			drop(s, c, &s->reset);
	}
}

/* ---- UDP ---- */

/* Answers come from the address that was asked: pktinfo, sent back as it came. */
static void answer(struct server *s, struct msghdr *m, const struct iovec *asked)
{
	struct iovec parts[2] = { *asked, { (void *)s->options->name, strlen(s->options->name) } };
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	m->msg_iov = parts;
	m->msg_iovlen = 2;
	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (void *)CMSG_DATA(c);

		info->ipi_spec_dst = info->ipi_addr;
		info->ipi_ifindex = 0;
	} else if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	}
	sendmsg(s->udp, m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_datagrams(struct server *s)
{
	for (int i = 0; i < BATCH; i++) {
		char bytes[DATAGRAM_BYTES], control[256] __attribute__((aligned(8)));
		struct sockaddr_storage from;
		struct iovec part = { bytes, sizeof(bytes) };
		struct msghdr m = { &from, sizeof(from), &part, 1, control, sizeof(control) };
		ssize_t n = recvmsg(s->udp, &m, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n != DATAGRAM_BYTES)
			continue;
		s->datagrams++;
		answer(s, &m, &part);
	}
}

/* ---- the loop ---- */

static void print_counts(const struct server *s)
{
	printf("{\"name\":\"%s\",\"accepted\":%lu,\"open\":%zu,\"closed\":%lu,\"reset\":%lu,"
	       "\"gaps\":%lu,\"records\":%lu,\"datagrams\":%lu}\n", s->options->name, s->accepted,
	       s->count, s->closed, s->reset, s->gaps, s->records, s->datagrams);
}

int talk_server(const struct server_options *o)
{
	struct server s = { .options = o, .epoll = epoll_create1(EPOLL_CLOEXEC), .udp = -1,
			    .signals = signals_open() };
	struct epoll_event events[BATCH];
	struct endpoint at;
	bool stop = false;

	if (!endpoint_of(o->address, o->port, &at))
		die("%s port %s: want a numeric address and port", o->address, o->port);
	mark_of(o->name, s.mark);
	snprintf(s.greeting, sizeof(s.greeting), "%s\n", o->name);
	s.listener = listening(&at, SOCK_STREAM);
	watch(&s, s.listener, &s.listener);
	watch(&s, s.signals, &s.signals);
	if (o->udp) {
		s.udp = listening(&at, SOCK_DGRAM);
		watch(&s, s.udp, &s.udp);
	}
	while (!stop) {
		int n = epoll_wait(s.epoll, events, BATCH, s.count ? TICK_MS : -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &s.signals)
				stop = true;
			else if (events[i].data.ptr == &s.listener)
				take_connections(&s);
			else if (events[i].data.ptr == &s.udp)
				take_datagrams(&s);
			else
				hear(&s, events[i].data.ptr);
		}
		speak(&s);
	}
	print_counts(&s);
	for (size_t i = 0; i < s.count; i++)
		free(s.all[i]);
	free(s.all);
	return s.gaps > 0;
}
