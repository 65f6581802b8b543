// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flow is a connection or a UDP flow. It lives on the server whose name it
 * heard first, and says so when it breaks. One that lives on a server that is
 * known to be dead is excused: closed, and opened elsewhere.
 *
 * A short connection (--life) ends by a FIN of the client; when the server's has come,
 * its place is taken by the next one.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "talk.h"
#include "talk_names.h"

#define TICK_MS 10
#define SILENT_S 15			/* a connection without data for longer is broken */
#define LAST_MS 1000			/* at the end, for what is still on its way */
#define AGAIN_MS 200
#define BATCH 256

struct flow {
	int fd;				/* -1: it is not open */
	bool udp, broken;
	int name;			/* -1: not heard yet */
	char line[NAME_MAX_BYTES];	/* the name, as it arrives */
	size_t line_len;
	struct stream stream;		/* UDP: counts alone */
	uint64_t due, heard, reopen;	/* milliseconds; reopen 0: not to be */
	uint64_t until;			/* of a short connection: its life */
	bool leaving;			/* its FIN is sent */
	uint64_t id;
};

struct client {
	const struct client_options *options;
	struct endpoint to, from;
	int epoll, signals;
	struct flow *flows;
	size_t count, next_id;
	struct names names;
	unsigned long opened, tcp_broken, udp_wrong, records, excused;
	uint64_t start;
	unsigned silent_s;
	bool ending;
	char input[256];
	size_t input_len;
};

/* ---- breaking ---- */

static void flow_close(struct flow *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static void say(const struct client *c, const struct flow *f, const char *fmt, ...)
{
	char when[32], why[256];
	time_t now = time(NULL);
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));
	fprintf(stderr, "talk: %s (%.3f s): %s port %u on %s: %s\n", when,
		(now_ms() - c->start) / 1000.0, f->udp ? "udp" : "tcp", local_port(f->fd),
		name_of(&c->names, f->name), why);
}

/* Let go without a word, and opened again soon. */
static void excuse(struct client *c, struct flow *f)
{
	flow_close(f);
	if (c->ending)
		return;
	f->reopen = now_ms() + AGAIN_MS;
	c->excused += f->name >= 0;
}

static void connection_broken(struct client *c, struct flow *f, const char *why)
{
	if (c->ending) {
		flow_close(f);
		return;
	}
	/* Without a name it may have come to a server that is dead. */
	if (name_is_dead(&c->names, f->name) || (f->name < 0 && names_any_dead(&c->names))) {
		excuse(c, f);
		return;
	}
	say(c, f, "%s", why);
	c->tcp_broken++;
	f->broken = true;
	flow_close(f);
	if (c->options->life)
		f->reopen = now_ms() + AGAIN_MS;
}

/* ---- opening ---- */

static struct endpoint source_of(const struct client *c, uint64_t id)
{
	struct endpoint from = c->from;
	uint32_t *last = from.address.ss_family == AF_INET ?
			 &((struct sockaddr_in *)&from.address)->sin_addr.s_addr :
			 &((struct sockaddr_in6 *)&from.address)->sin6_addr.s6_addr32[3];

	*last = htonl(ntohl(*last) + id % c->options->sources);
	return from;
}

static int socket_open(struct client *c, bool udp, uint64_t id)
{
	struct endpoint from = source_of(c, id);
	int fd = socket(c->to.address.ss_family,
			(udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (!udp)	/* else a bind takes one of few ports for itself */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (from.len && bind(fd, (struct sockaddr *)&from.address, from.len))
		die("source %s: %s", c->options->source, strerror(errno));
	return fd;
}

static void flow_open(struct client *c, struct flow *f)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = f };
	uint64_t id = c->next_id++;

	*f = (struct flow){ .fd = socket_open(c, f->udp, id), .udp = f->udp, .name = -1, .id = id,
			    .heard = now_ms(), .due = soon_ms(c->options->rate) };
	if (c->options->life)
		f->until = soon_ms(1 / c->options->life);
	c->opened += !f->udp;
	if (connect(f->fd, (struct sockaddr *)&c->to.address, c->to.len) && errno != EINPROGRESS) {
		if (f->udp)
			die("connect: %s", strerror(errno));
		connection_broken(c, f, strerror(errno));
		return;
	}
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, f->fd, &event))
		die("epoll: %s", strerror(errno));
}

/* ---- hearing ---- */

/* What is behind the name's line; -1: it is no name, or one that was not expected. */
static ssize_t take_name(struct client *c, struct flow *f, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n' && f->line_len + 1 < sizeof(f->line)) {
			f->line[f->line_len++] = bytes[i];
			continue;
		}
		f->name = bytes[i] == '\n' ? name_find(&c->names, f->line, f->line_len) : -1;
		if (c->options->life)
			name_counts(&c->names, f->name);
		return f->name < 0 ? -1 : (ssize_t)i + 1;
	}
	return len;
}

static void hear_connection(struct client *c, struct flow *f)
{
	char bytes[4096], mark[MARK_BYTES], why[64];
	ssize_t n = recv(f->fd, bytes, sizeof(bytes), 0), at = 0;
	int records = 0;

	if (n < 0 && errno == EAGAIN)
		return;
	if (!n && f->leaving && !f->stream.in_bytes && !c->ending) {
		flow_close(f);
		flow_open(c, f);
		return;
	}
	if (n <= 0) {
		connection_broken(c, f, n ? strerror(errno) : "end of file");
		return;
	}
	f->heard = now_ms();
	if (f->name < 0)
		at = take_name(c, f, bytes, n);
	if (at >= 0 && f->name >= 0) {
		mark_of(name_of(&c->names, f->name), mark);
		records = stream_take(&f->stream, bytes + at, n - at, mark);
	}
	if (at < 0 || records < 0) {
		snprintf(why, sizeof(why), at < 0 ? "a name that was not expected" :
			 "a gap, or another server, after record %llu",
			 (unsigned long long)f->stream.got);
		connection_broken(c, f, why);
		return;
	}
	c->records += records;
	if (name_is_dead(&c->names, f->name))
		excuse(c, f);
}

static void hear_flow(struct client *c, struct flow *f)
{
	struct datagram d;
	ssize_t n;

	while ((n = recv(f->fd, &d, sizeof(d), 0)) >= 0) {
		size_t len = n - DATAGRAM_BYTES;
		int name;

		if (n <= DATAGRAM_BYTES || be64toh(d.flow) != f->id ||
		    be64toh(d.number) > f->stream.sent)
			continue;
		f->stream.got++;
		c->records++;
		name = name_find(&c->names, d.name, len);
		if (f->name < 0 && name >= 0)
			f->name = name;
		else if ((name < 0 || name != f->name) && ++c->udp_wrong)
			say(c, f, "answered by %.*s", (int)len, d.name);
	}
	/* ICMP errors are what they are: the datagram counts as lost. */
	if (name_is_dead(&c->names, f->name))
		excuse(c, f);
}

/* ---- speaking ---- */

static void speak_to(struct client *c, struct flow *f)
{
	int err;

	f->due = soon_ms(c->options->rate);
	if (f->udp) {
		struct datagram d = { .flow = htobe64(f->id),
				      .number = htobe64(f->stream.sent + 1) };

		f->stream.sent += send(f->fd, &d, DATAGRAM_BYTES, 0) == DATAGRAM_BYTES;
		return;
	}
	if (f->name < 0 || f->leaving)
		return;
	err = stream_send(&f->stream, f->fd, CLIENT_MARK);
	if (err < 0)
		connection_broken(c, f, strerror(-err));
}

/* One that left a record in part would leave a gap. */
static bool is_over(const struct flow *f, uint64_t now)
{
	return f->until && f->until <= now && !f->leaving && f->name >= 0 &&
	       f->stream.out_at == f->stream.out_bytes;
}

static void leave(struct flow *f)
{
	shutdown(f->fd, SHUT_WR);
	f->leaving = true;
	f->heard = now_ms();
}

static void tick(struct client *c)
{
	uint64_t now = now_ms();
	char why[64];

	for (size_t i = 0; i < c->count; i++) {
		struct flow *f = &c->flows[i];

		if (f->fd < 0 && f->reopen && f->reopen <= now && !c->ending)
			flow_open(c, f);
		if (f->fd < 0 || c->ending)
			continue;
		if (!f->udp && now > f->heard + c->silent_s * 1000ull) {
			snprintf(why, sizeof(why), "no data for %u s", c->silent_s);
			connection_broken(c, f, why);
		} else if (is_over(f, now)) {
			leave(f);
		} else if (f->due <= now) {
			speak_to(c, f);
		}
	}
}

/* ---- counts ---- */

static void print_counts(struct client *c)
{
	unsigned long lost = 0;

	for (size_t i = 0; i < c->count; i++) {
		struct flow *f = &c->flows[i];

		if (f->udp && !f->reopen)
			lost += f->stream.sent - f->stream.got;
		if (!f->broken && !f->reopen && !c->options->life)
			name_counts(&c->names, f->name);
	}
	printf("{\"tcp\":%u,\"opened\":%lu,\"tcp_broken\":%lu,\"udp\":%u,\"udp_wrong\":%lu,"
	       "\"udp_lost\":%lu,\"records\":%lu,\"excused\":%lu,\"names\":", c->options->tcp,
	       c->opened, c->tcp_broken, c->options->udp, c->udp_wrong, lost, c->records,
	       c->excused);
	names_print(&c->names);
	puts("}");
	names_count_reset(&c->names);
	fflush(stdout);
}

/* ---- standard input ---- */

static void obey(struct client *c, const char *line)
{
	if (!strncmp(line, "dead ", 5)) {
		name_set_dead(&c->names, line + 5, true);
		for (size_t i = 0; i < c->count; i++)
			if (c->flows[i].fd >= 0 && name_is_dead(&c->names, c->flows[i].name))
				excuse(c, &c->flows[i]);
	} else if (!strncmp(line, "alive ", 6)) {
		name_set_dead(&c->names, line + 6, false);
	} else if (!strcmp(line, "count")) {
		print_counts(c);
	} else {
		fprintf(stderr, "talk: %s: want dead NAME, alive NAME or count\n", line);
	}
}

static void hear_orders(struct client *c)
{
	ssize_t n = read(STDIN_FILENO, c->input + c->input_len,
			 sizeof(c->input) - 1 - c->input_len);
	char *line = c->input, *end;

	if (n <= 0) {
		epoll_ctl(c->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		return;
	}
	c->input_len += n;
	c->input[c->input_len] = 0;
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		obey(c, line);
	}
	c->input_len = strlen(line);
	memmove(c->input, line, c->input_len);
}

/* ---- the loop ---- */

/* From here on connections may end, and nothing more is sent. */
static void end(struct client *c)
{
	c->ending = true;
	for (size_t i = 0; i < c->count; i++)
		if (c->flows[i].fd >= 0 && !c->flows[i].udp)
			shutdown(c->flows[i].fd, SHUT_WR);
}

/* Is anything still on its way? */
static bool waits(const struct client *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct flow *f = &c->flows[i];

		if (f->fd >= 0 && (!f->udp || f->stream.got < f->stream.sent))
			return true;
	}
	return false;
}

static void turn(struct client *c, bool *stop)
{
	struct epoll_event events[BATCH];
	int n = epoll_wait(c->epoll, events, BATCH, TICK_MS);

	for (int i = 0; i < n; i++) {
		struct flow *f = events[i].data.ptr;

		if (events[i].data.ptr == &c->signals)
			*stop = true;
		else if (events[i].data.ptr == c)
			hear_orders(c);
		else if (f->fd < 0)
			continue;	/* by an order of this turn */
		else if (f->udp)
			hear_flow(c, f);
		else
			hear_connection(c, f);
	}
}

static void sources_watch(struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &c->signals };

	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->signals, &event))
		die("epoll: %s", strerror(errno));
	event.data.ptr = c;
	epoll_ctl(c->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);	/* not of a file */
}

/* Beside other tests a server may be kept from speaking for XRING_PATIENCE times as long. */
static unsigned patience(void)
{
	const char *times = getenv("XRING_PATIENCE");

	return times && atoi(times) > 0 ? atoi(times) : 1;
}

int talk_client(const struct client_options *o)
{
	struct client c = { .options = o, .epoll = epoll_create1(EPOLL_CLOEXEC),
			    .signals = signals_open(), .count = o->tcp + o->udp,
			    .start = now_ms(), .silent_s = SILENT_S * patience() };
	uint64_t until = o->seconds ? c.start + o->seconds * 1000 : UINT64_MAX, ticked = 0;
	bool stop = false;

	if (!endpoint_of(o->address, o->port, &c.to))
		die("%s port %s: want a numeric address and port", o->address, o->port);
	if (o->source && !endpoint_of(o->source, "0", &c.from))
		die("source %s: want a numeric address", o->source);
	if (o->expect_file)
		names_expect(&c.names, o->expect_file);
	c.flows = calloc(c.count, sizeof(*c.flows));
	if (!c.flows)
		die("no memory");
	sources_watch(&c);
	for (size_t i = 0; i < c.count; i++) {
		c.flows[i].udp = i >= o->tcp;
		flow_open(&c, &c.flows[i]);
	}
	while (!c.ending || (now_ms() < until && waits(&c))) {
		turn(&c, &stop);
		if (!c.ending && (stop || now_ms() >= until)) {
			end(&c);
			until = now_ms() + LAST_MS;
		}
		if (now_ms() >= ticked + TICK_MS) {
			ticked = now_ms();
			tick(&c);
		}
	}
	print_counts(&c);
	free(c.flows);
	return c.tcp_broken || c.udp_wrong;
}
