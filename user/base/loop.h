/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_LOOP_H
#define XRING_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An event loop: one epoll instance, one thread. A source is a file descriptor and the
 * function to call when the descriptor is ready. The caller owns a source's memory and must
 * keep it in place while the source is added. Inside a call any source may be removed, also
 * the source that is being called.
 */
struct loop_source {
	int fd;
	void (*ready)(void *context, uint32_t events);	/* events: EPOLLIN and others */
	void *context;
};

struct loop;

/* Each that returns an error has logged it, but loop_modify(). */
int loop_new(struct loop **ret);
void loop_free(struct loop *loop);
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
int loop_modify(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);
int loop_run(struct loop *loop);		/* runs until loop_stop() */
void loop_stop(struct loop *loop);

/* A timer is a source with a file descriptor of its own (timerfd, CLOCK_MONOTONIC). */
struct loop_timer {
	struct loop_source source;
	void (*expired)(void *context);
	void *context;
	bool set;			/* armed; cleared when the timer expires */
};

int loop_timer_new(struct loop *loop, struct loop_timer *timer,
		   void (*expired)(void *context), void *context);
void loop_timer_set(struct loop_timer *timer, uint32_t ms); /* expires once; 0: at the next turn */
void loop_timer_every(struct loop_timer *timer, uint32_t ms);	/* repeats */
void loop_timer_close(struct loop *loop, struct loop_timer *timer);

#endif
