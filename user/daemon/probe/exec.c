// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a program, by the starter (daemon/starter/starter.h): an exit code of 0 is good. That a
 * program could not be started is no answer of the backend.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "daemon/probe/probe.h"
#include "daemon/starter/starter.h"

#define ARGS_MAX 257			/* texts in CHECK_ARGS bytes, and the program */

struct runs {
	struct loop *loop;
	struct loop_source source;	/* of the starter; fd -1: there is none */
	struct probe *probes[STARTER_PROGRAMS];
	uint32_t turn;			/* makes the numbers of runs differ that take one place in turn */
	bool full;			/* the log says already that there are too many */
};

static uint32_t run_of(const struct probe *p)
{
	return p->run.turn * STARTER_PROGRAMS + p->run.place;
}

/* The run is over, and its place free. */
static void release(struct probe *p)
{
	struct runs *r = p->engine;

	if (p->run.place != STARTER_PROGRAMS)
		r->probes[p->run.place] = NULL;
	p->run.place = STARTER_PROGRAMS;
}

/* ---- answers ---- */

static void end_exited(struct probe *p, const struct starter_answer *a)
{
	const char *between = *a->output ? ": " : "";

	probe_end(p, a->value ? PROBE_BAD : PROBE_GOOD, "exit code %d%s%s", a->value,
		  a->value ? between : "", a->value ? a->output : "");
}

static void end_full(struct probe *p)
{
	struct runs *r = p->engine;

	if (!r->full)
		log_warn("checks: %d programs run at once: backends stay as they are where another one "
			 "would be needed", STARTER_PROGRAMS);
	r->full = true;
	probe_end(p, PROBE_NOT_CHECKED, "not checked: %d programs run already", STARTER_PROGRAMS);
}

static void end_unable(struct probe *p, int err)
{
	char hint[160];

	snprintf(hint, sizeof(hint), ", want %s", p->how.program);
	probe_unable(p, err, hint);
}

static void answer_in(struct runs *r, const struct starter_answer *a)
{
	struct probe *p = r->probes[a->run % STARTER_PROGRAMS];

	if (!p || run_of(p) != a->run)
		return;			/* it had ended already */
	release(p);
	switch ((enum starter_end)a->end) {
	case STARTER_EXITED:
		return end_exited(p, a);
	case STARTER_KILLED:
		return probe_end(p, PROBE_BAD, "killed by signal %d", a->value);
	case STARTER_FULL:
		return end_full(p);
	case STARTER_UNABLE:
		return end_unable(p, a->value);
	}
}

static void lost(struct runs *r)
{
	loop_remove(r->loop, &r->source);
	r->source.fd = -1;
	starter_lost();
	for (size_t i = 0; i < STARTER_PROGRAMS; i++) {
		struct probe *p = r->probes[i];

		if (!p)
			continue;
		release(p);
		probe_end(p, PROBE_NOT_CHECKED, "not checked: %s", starter_why());
	}
}

static void ready(void *context, uint32_t events)
{
	struct runs *r = context;
	struct starter_answer a;
	int got;

	(void)events;
	while (r->source.fd >= 0 && (got = starter_read(&a))) {
		if (got > 0)
			answer_in(r, &a);
		else
			lost(r);
	}
}

/* ---- a run ---- */

static int place_free(const struct runs *r)
{
	int place = 0;

	while (place < STARTER_PROGRAMS && r->probes[place])
		place++;
	return place;
}

/* The words of the check as the program gets them; text holds them. */
static void args_of(const struct check *how, char text[CHECK_ARGS], const char *argv[ARGS_MAX + 1])
{
	size_t count = 0;
	char *at = strcpy(text, how->args), *end;

	argv[count++] = how->program;
	for (; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		argv[count++] = at;
	}
	argv[count] = NULL;
}

static int run(const struct probe *p)
{
	char service[96], name[96], address[ADDRESS_TEXT + 16], port[32], text[CHECK_ARGS];
	char plain[ADDRESS_TEXT];
	const char *argv[ARGS_MAX + 1];
	const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		service, name, address, port, NULL,
	};

	snprintf(service, sizeof(service), "XRING_SERVICE=%s", p->way.service ?: "");
	snprintf(name, sizeof(name), "XRING_BACKEND=%s", p->way.name ?: "");
	snprintf(address, sizeof(address), "XRING_ADDRESS=%s", address_print(&p->to, plain));
	snprintf(port, sizeof(port), "XRING_PORT=%u", p->port);
	args_of(&p->how, text, argv);
	return starter_start(run_of(p), &(struct starter_program){ argv, env });
}

static void exec_start(struct probe *p)
{
	struct runs *r = p->engine;
	int place = place_free(r), err;

	p->run.place = STARTER_PROGRAMS;
	starter_reap();
	if (starter_why())
		return probe_end(p, PROBE_NOT_CHECKED, "not checked: %s", starter_why());
	if (place == STARTER_PROGRAMS)
		return end_full(p);
	p->run.place = place;
	p->run.turn = r->turn++ % (UINT32_MAX / STARTER_PROGRAMS);
	r->probes[place] = p;
	err = run(p);
	if (err == -E2BIG) {
		release(p);
		return end_unable(p, E2BIG);
	}
	if (err)
		lost(r);
}

static void exec_stop(struct probe *p)
{
	if (p->run.place == STARTER_PROGRAMS)
		return;			/* there is nothing to stop, or nothing any more */
	starter_stop(run_of(p));
	release(p);
}

static int exec_open(struct loop *loop, void **ret)
{
	struct runs *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->source = (struct loop_source){ starter_fd(), ready, r };
	err = r->source.fd < 0 ? 0 : loop_add(loop, &r->source, EPOLLIN);
	if (err) {
		free(r);
		return err;
	}
	*ret = r;
	return 0;
}

static void exec_close(void *engine)
{
	struct runs *r = engine;

	if (r->source.fd >= 0)
		loop_remove(r->loop, &r->source);
	free(r);
}

const struct probe_kind probe_exec = {
	.open = exec_open,
	.close = exec_close,
	.start = exec_start,
	.stop = exec_stop,
};
