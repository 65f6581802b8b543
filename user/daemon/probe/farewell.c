// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ring of places that are taken in turn, so that the place which is taken next has the oldest
 * connection, if any; and a timer that runs while some place is taken.
 */
#include "daemon/probe/farewell.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/util.h"

#define LAST_BYTES (64 * 1024)
#define LAST_MS 1000u

struct parting {
	struct loop_source source;	/* fd -1: the place is free */
	struct farewells *all;
	uint64_t until_ns;
	size_t left;			/* bytes that may still be read */
};

struct farewells {
	struct loop *loop;
	struct loop_timer timer;
	size_t next, limit, count;
	struct parting partings[];
};

static void part(struct parting *p)
{
	loop_remove(p->all->loop, &p->source);
	close(p->source.fd);
	p->source.fd = -1;
	p->all->count--;
}

/* Drops what has arrived. Is the connection over? */
static bool read_on(struct parting *p)
{
	while (p->left) {
		/* TCP drops bytes that MSG_TRUNC asks for, and copies none. */
		ssize_t got = recv(p->source.fd, NULL, p->left, MSG_TRUNC | MSG_DONTWAIT);

		if (got <= 0)
			return !got || (errno != EAGAIN && errno != EINTR);
		p->left -= got;
	}
	return true;
}

static void ready(void *context, uint32_t events)
{
	struct parting *p = context;

	(void)events;
	if (read_on(p))
		part(p);
}

static void expired(void *context)
{
	struct farewells *f = context;
	uint64_t now = clock_ns();

	for (size_t i = 0; i < f->limit; i++)
		if (f->partings[i].source.fd >= 0 && f->partings[i].until_ns <= now)
			part(&f->partings[i]);
	if (f->count)
		loop_timer_set(&f->timer, LAST_MS);
}

void farewell(struct farewells *f, int fd)
{
	struct parting *p = &f->partings[f->next++ % f->limit];

	if (p->source.fd >= 0)
		part(p);
	*p = (struct parting){ { fd, ready, p }, f, clock_ns() + LAST_MS * NS_PER_MS, LAST_BYTES };
	f->count++;
	if (read_on(p) || loop_add(f->loop, &p->source, EPOLLIN))
		part(p);
	else if (!f->timer.set)
		loop_timer_set(&f->timer, LAST_MS);
}

int farewells_open(struct loop *loop, size_t limit, struct farewells **ret)
{
	_free_ struct farewells *f = calloc(1, sizeof(*f) + limit * sizeof(f->partings[0]));
	int err;

	if (!f)
		return -ENOMEM;
	f->loop = loop;
	f->limit = limit;
	for (size_t i = 0; i < limit; i++)
		f->partings[i] = (struct parting){ .source.fd = -1 };
	err = loop_timer_new(loop, &f->timer, expired, f);
	if (err)
		return err;
	*ret = take_ptr(f);
	return 0;
}

void farewells_close(struct farewells *f)
{
	for (size_t i = 0; i < f->limit; i++)
		if (f->partings[i].source.fd >= 0)
			part(&f->partings[i]);
	loop_timer_close(f->loop, &f->timer);
	free(f);
}
