/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_LOOP_H
#define XRING_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One epoll loop, one thread. A source is a file descriptor and whom to call; its
 * memory is the caller's and stays in place while it is added. Inside a call any
 * source may be removed, also the one that is called.
 */
struct loop_source {
	int fd;
	void (*ready)(void *context, uint32_t events);	/* EPOLLIN and the like */
	void *context;
};

struct loop;

int loop_new(struct loop **ret);
void loop_free(struct loop *loop);
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
int loop_modify(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);
int loop_run(struct loop *loop);		/* until loop_stop() */
void loop_stop(struct loop *loop);

/* A timer is a source of its own (timerfd, CLOCK_MONOTONIC). */
struct loop_timer {
	struct loop_source source;
	void (*expired)(void *context);
	void *context;
	bool set;
};

int loop_timer_new(struct loop *loop, struct loop_timer *timer,
		   void (*expired)(void *context), void *context);
void loop_timer_set(struct loop_timer *timer, uint32_t ms);	/* once; 0: at the next turn */
void loop_timer_every(struct loop_timer *timer, uint32_t ms);
void loop_timer_close(struct loop *loop, struct loop_timer *timer);

#endif
