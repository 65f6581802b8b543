// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"

#define EVENTS 64

struct loop {
	int epoll_fd;
	bool stopping;
	/*
	 * The events of the current turn. A removed source is struck out of the rest, so
	 * that it is not called.
	 */
	struct epoll_event events[EVENTS];
	int count;
};

int loop_new(struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return log_err(-errno, "event loop");
	}
	*ret = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	close(loop->epoll_fd);
	free(loop);
}

static int control(struct loop *loop, int op, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->epoll_fd, op, source->fd, &event) ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
	int err = control(loop, EPOLL_CTL_ADD, source, events);

	return err ? log_err(err, "event loop") : 0;
}

int loop_modify(struct loop *loop, struct loop_source *source, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, source, events);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	control(loop, EPOLL_CTL_DEL, source, 0);
	for (int i = 0; i < loop->count; i++)
		if (loop->events[i].data.ptr == source)
			loop->events[i].data.ptr = NULL;
}

int loop_run(struct loop *loop)
{
	loop->stopping = false;
	while (!loop->stopping) {
		loop->count = epoll_wait(loop->epoll_fd, loop->events, EVENTS, -1);
		if (loop->count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < loop->count; i++) {
			struct loop_source *source = loop->events[i].data.ptr;

			if (source)
				source->ready(source->context, loop->events[i].events);
		}
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

static void timer_ready(void *context, uint32_t events)
{
	struct loop_timer *timer = context;
	uint64_t times;

	(void)events;
	if (read(timer->source.fd, &times, sizeof(times)) != sizeof(times))
		return;
	timer->set = false;
	timer->expired(timer->context);
}

int loop_timer_new(struct loop *loop, struct loop_timer *timer,
		   void (*expired)(void *context), void *context)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0)
		return log_err(-errno, "timer");
	*timer = (struct loop_timer){
		.source = { fd, timer_ready, timer },
		.expired = expired,
		.context = context,
	};
	return loop_add(loop, &timer->source, EPOLLIN);
}

static void arm(struct loop_timer *timer, uint32_t ms, uint32_t interval_ms)
{
	struct itimerspec spec = {
		.it_value = { ms / 1000, ms % 1000 * 1000000L + !ms },
		.it_interval = { interval_ms / 1000, interval_ms % 1000 * 1000000L },
	};

	timerfd_settime(timer->source.fd, 0, &spec, NULL);
	timer->set = true;
}

void loop_timer_set(struct loop_timer *timer, uint32_t ms)
{
	arm(timer, ms, 0);
}

void loop_timer_every(struct loop_timer *timer, uint32_t ms)
{
	arm(timer, ms, ms);
}

void loop_timer_close(struct loop *loop, struct loop_timer *timer)
{
	loop_remove(loop, &timer->source);
	close(timer->source.fd);
}
