// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When each backend is probed: two queues and one timer. A probe is in `idle`, ordered by
 * when it is due, or in `busy`, ordered by when it times out; the timer is set for the first
 * of both.
 */
#include "daemon/probe/probes.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "core/backend/health.h"
#include "core/model/check_text.h"
#include "daemon/probe/farewell.h"
#include "daemon/probe/kinds.h"
#include "daemon/probe/probe.h"

#define STARTS_A_TURN 64		/* then the loop's other sources get their turn */
#define HELD_UP_NS (20 * NS_PER_MS)
#define ERRNOS 256

struct checker {
	struct loop *loop;
	probe_done done;
	void *context;
	struct heap idle, busy;
	size_t limit;			/* greatest number of busy probes */
	struct loop_timer timer;
	uint64_t armed_ns;		/* when the timer fires; UINT64_MAX: it is not set */
	uint64_t spared_ns;		/* no probe times out before */
	uint64_t random;
	struct farewells *farewells;
	bool said[ERRNOS];		/* errors of this host are logged once each */
	const struct probe_kinds *kinds;
	void **engines;			/* by the first row of each kind */
	bool *opened;
};

static struct probe *top(const struct heap *h)
{
	struct heap_item *item = heap_top(h);

	return item ? (struct probe *)((char *)item - offsetof(struct probe, queued)) : NULL;
}

/* ---- the timer ---- */

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t next_ns(const struct checker *c)
{
	const struct probe *due = c->busy.count < c->limit ? top(&c->idle) : NULL;
	const struct probe *late = top(&c->busy);
	uint64_t next = late ? later(late->queued.key, c->spared_ns) : UINT64_MAX;

	return due && due->queued.key < next ? due->queued.key : next;
}

static void arm(struct checker *c)
{
	uint64_t next = next_ns(c), now = clock_ns();

	/* A turn of the loop that comes too early costs less than a system call for each probe. */
	if (next >= c->armed_ns || c->armed_ns <= now)
		return;
	c->armed_ns = later(next, now);
	loop_timer_set(&c->timer, (c->armed_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void start(struct probe *p, uint64_t now)
{
	struct checker *c = p->checker;

	heap_take(&c->idle, &p->queued);
	heap_put(&c->busy, &p->queued, now + p->how.timeout_ms * NS_PER_MS);
	p->busy = true;
	p->broken = 0;
	p->started_ns = now;
	p->kind->start(p);
}

static void time_out(struct probe *p)
{
	const char *phase = p->kind->phase ? p->kind->phase(p) : "";
	uint32_t ms = p->how.timeout_ms;

	if (p->broken)
		return probe_unable(p, p->broken, "");
	if (ms % 1000)
		return probe_end(p, PROBE_BAD, "timed out after %ums%s", ms, phase);
	probe_end(p, PROBE_BAD, "timed out after %us%s", ms / 1000, phase);
}

/*
 * A daemon that was delayed could neither read answers nor send requests: the probes under
 * way get that time back.
 */
static void make_good(struct checker *c, uint64_t now)
{
	uint64_t lost = now - c->armed_ns;

	if (lost > HELD_UP_NS)
		c->spared_ns = now + (lost < NS_PER_S ? lost : NS_PER_S);
}

static void turn(void *context)
{
	struct checker *c = context;
	uint64_t now = clock_ns();
	struct probe *p;

	make_good(c, now);
	c->armed_ns = 0;		/* arm() does nothing during this turn */
	while ((p = top(&c->busy)) && later(p->queued.key, c->spared_ns) <= now)
		time_out(p);
	for (int i = 0; i < STARTS_A_TURN && c->busy.count < c->limit; i++) {
		p = top(&c->idle);
		if (!p || p->queued.key > now)
			break;
		start(p, clock_ns());
	}
	c->armed_ns = UINT64_MAX;
	arm(c);
}

/* ---- results ---- */

static void finish(struct probe *p, enum probe_outcome outcome, const char *why)
{
	struct checker *c = p->checker;
	struct probe_result result = {
		.outcome = outcome,
		.why = why,
		.took_us = (clock_ns() - p->started_ns) / NS_PER_US,
		.extra = p->planned_ns,
	};
	uint64_t due = p->planned_ns ?: p->started_ns + health_wait_ns(&p->how, &c->random);

	p->kind->stop(p);
	p->busy = false;
	p->planned_ns = 0;
	heap_take(&c->busy, &p->queued);
	heap_put(&c->idle, &p->queued, due);
	arm(c);
	c->done(c->context, p, &result);
}

void probe_end(struct probe *p, enum probe_outcome outcome, const char *fmt, ...)
{
	char why[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	finish(p, outcome, why);
}

void probe_unable(struct probe *p, int err, const char *hint)
{
	bool *said = &p->checker->said[err % ERRNOS];

	if (!*said)
		log_warn("checks: %s%s: backends stay as they are where they cannot be checked",
			 errno_text(err), hint);
	*said = true;
	probe_end(p, PROBE_NOT_CHECKED, "not checked: %s%s", errno_text(err), hint);
}

/*
 * Does the error tell of the backend, or of the way to it? All others are of this host: missing
 * descriptors, memory, ports, rights, address families.
 */
static bool is_answer(int err)
{
	static const int answers[] = {
		ECONNREFUSED, ECONNRESET, ECONNABORTED, EPIPE, ETIMEDOUT, EHOSTUNREACH, EHOSTDOWN,
		ENETUNREACH, ENETDOWN, ENONET, ENOPROTOOPT, EOPNOTSUPP, EPROTO, EMSGSIZE, EINVAL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (err == answers[i])
			return true;
	return false;
}

void probe_refused(struct probe *p, int err)
{
	static const struct {
		int err;
		const char *text;
	} known[] = {
		{ ECONNREFUSED, "connection refused" },	 { ECONNRESET, "connection reset" },
		{ EPIPE, "connection closed" },		 { ETIMEDOUT, "timed out" },
		{ EHOSTUNREACH, "no route to the host" }, { ENETUNREACH, "network unreachable" },
		{ EHOSTDOWN, "host down" },
	};

	if (!is_answer(err))
		return probe_unable(p, err, "");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (err == known[i].err)
			return probe_end(p, PROBE_BAD, "%s", known[i].text);
	probe_end(p, PROBE_BAD, "%s", errno_text(err));
}

/* ---- probes ---- */

void probe_part(struct probe *p, int fd)
{
	farewell(p->checker->farewells, fd);
}

static socklen_t to_sockaddr(const struct address *to, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *in = (struct sockaddr_in *)ret;

	*ret = (struct sockaddr_storage){ .ss_family = to->family };
	if (to->family == AF_INET) {
		memcpy(&in->sin_addr, to->bytes, sizeof(in->sin_addr));
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	memcpy(&in6->sin6_addr, to->bytes, sizeof(in6->sin6_addr));
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

socklen_t probe_sockaddr(const struct probe *p, struct sockaddr_storage *ret)
{
	return to_sockaddr(&p->to, p->port, ret);
}

/*
 * Binds to the address by which this host speaks to the backend, or, if that is of the other
 * family, to the target. Nothing is sent to find it.
 */
static int bind_source(const struct probe *p, int fd)
{
	bool is_alike = p->way.backend.family == p->to.family;
	_close_ int ask = socket(p->to.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage to, from;
	socklen_t len = to_sockaddr(is_alike ? &p->way.backend : &p->to, 9, &to);

	if (ask < 0 || connect(ask, (struct sockaddr *)&to, len) ||
	    getsockname(ask, (struct sockaddr *)&from, &len))
		return -1;
	((struct sockaddr_in *)&from)->sin_port = 0;	/* at the same place in both families */
	return bind(fd, (struct sockaddr *)&from, len);
}

int probe_socket(const struct probe *p)
{
	_close_ int fd = socket(p->to.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	uint32_t mark = p->way.mark;

	if (fd < 0)
		return -1;
	if (mark && (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) || bind_source(p, fd)))
		return -1;
	return take_fd(&fd);
}

static const struct probe_kind *kind_of(const struct probe_kinds *kinds, const char *word)
{
	for (size_t i = 0; i < kinds->count; i++)
		if (!strcmp(kinds->rows[i].word, word))
			return kinds->rows[i].kind;
	return NULL;
}

/* What all probes of a kind share, opened for the first one. */
static int engine_of(struct checker *c, const struct probe_kind *kind, void **ret)
{
	size_t i = 0;
	int err;

	while (c->kinds->rows[i].kind != kind)
		i++;
	if (!c->opened[i] && kind->open) {
		err = kind->open(c->loop, &c->engines[i]);
		if (err)
			return err;
		c->opened[i] = true;
	}
	*ret = c->engines[i];
	return 0;
}

int probe_new(struct checker *c, const struct check *how, const struct address *to,
	      uint16_t port, const struct probe_way *way, void *owner, struct probe **ret)
{
	const struct probe_kind *kind = kind_of(c->kinds, check_kind_word(how->kind));
	size_t others = c->idle.count + c->busy.count;
	struct probe *p;
	void *engine;
	int err;

	if (!kind)
		return -EINVAL;
	port = check_port(how, port);
	if (check_has_port(how) && !port)
		return -EINVAL;
	err = engine_of(c, kind, &engine) ?: heap_reserve(&c->idle, others + 1) ?:
	      heap_reserve(&c->busy, others + 1);
	if (err)
		return err;
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct probe){ .checker = c, .kind = kind, .engine = engine, .owner = owner,
			     .how = *how, .to = *to, .port = port };
	if (way)
		p->way = *way;
	heap_put(&c->idle, &p->queued, clock_ns() + health_first_wait_ns(how, others, &c->random));
	arm(c);
	*ret = p;
	return 0;
}

void probe_free(struct probe *p)
{
	struct checker *c = p->checker;

	if (p->busy)
		p->kind->stop(p);
	heap_take(p->busy ? &c->busy : &c->idle, &p->queued);
	arm(c);
	free(p);
}

void probe_extra(struct probe *p)
{
	struct checker *c = p->checker;

	if (p->busy || p->planned_ns)
		return;
	p->planned_ns = p->queued.key;
	heap_take(&c->idle, &p->queued);
	heap_put(&c->idle, &p->queued, clock_ns());
	arm(c);
}

void *probe_owner(const struct probe *p)
{
	return p->owner;
}

/* ---- the checker ---- */

/* A quarter of the possible descriptors: the control socket's clients need some. */
static size_t checks_at_once(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur / 4 >= CHECKS_AT_ONCE)
		return CHECKS_AT_ONCE;
	return limit.rlim_cur / 4 ?: 1;
}

int checker_open(struct loop *loop, const struct probe_kinds *kinds, probe_done done,
		 void *context, struct checker **ret)
{
	_free_ struct checker *c = calloc(1, sizeof(*c));
	_free_ void **engines = calloc(kinds->count, sizeof(*engines));
	_free_ bool *opened = calloc(kinds->count, sizeof(*opened));
	int err;

	if (!c || !engines || !opened)
		return -ENOMEM;
	c->kinds = kinds;
	c->loop = loop;
	c->done = done;
	c->context = context;
	c->limit = checks_at_once();
	c->armed_ns = UINT64_MAX;
	if (getrandom(&c->random, sizeof(c->random), 0) != sizeof(c->random))
		c->random = clock_ns();
	err = farewells_open(loop, (c->limit + 3) / 4, &c->farewells);
	if (err)
		return err;
	err = loop_timer_new(loop, &c->timer, turn, c);
	if (err) {
		farewells_close(c->farewells);
		return err;
	}
	c->engines = take_ptr(engines);
	c->opened = take_ptr(opened);
	*ret = take_ptr(c);
	return 0;
}

void checker_close(struct checker *c)
{
	struct probe *p;

	while ((p = top(&c->busy)) || (p = top(&c->idle)))
		probe_free(p);
	for (size_t i = 0; i < c->kinds->count; i++)
		if (c->opened[i])
			c->kinds->rows[i].kind->close(c->engines[i]);
	farewells_close(c->farewells);
	loop_timer_close(c->loop, &c->timer);
	heap_clear(&c->idle);
	heap_clear(&c->busy);
	free(c->engines);
	free(c->opened);
	free(c);
}
