// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ICMP echo (RFC 792, RFC 4443 section 4). All probes of a family share one socket: a raw
 * socket, or, without CAP_NET_RAW, a ping socket, for which the kernel chooses the identifier
 * (and net.ipv4.ping_group_range says which users may open it). An answer is recognised by
 * identifier, sequence number, a random cookie and its source address.
 */
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/util.h"
#include "daemon/probe/probe.h"

#define READS_A_TURN 64
#define QUEUE_BYTES (4 << 20)		/* room for every request and every answer */

struct echo {				/* same in both families */
	uint8_t type, code;
	uint16_t checksum;
	uint16_t id, sequence;
	uint64_t cookie;
};

struct echo_socket {
	struct loop_source source;	/* fd -1: not open */
	struct pinger *pinger;
	int family;
	bool raw;
};

struct pinger {
	struct loop *loop;
	struct echo_socket in, in6;
	uint16_t id, sequence;
	/* Probes under way, by the low bits of the sequence number; CHECKS_AT_ONCE are enough. */
	struct probe *asked[CHECKS_AT_ONCE];
};

_Static_assert(!(CHECKS_AT_ONCE & (CHECKS_AT_ONCE - 1)), "low bits");

/* ---- answers ---- */

/* Finds an echo reply in a packet that was read. */
static bool echo_in(const struct echo_socket *s, const uint8_t *bytes, size_t len, struct echo *ret)
{
	size_t skip = 0;

	if (s->raw && s->family == AF_INET)
		skip = len ? (bytes[0] & 0xf) * 4 : 0;
	if (len < skip + sizeof(*ret))
		return false;
	memcpy(ret, bytes + skip, sizeof(*ret));
	if (ret->type != (s->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return false;
	return !s->raw || ret->id == htons(s->pinger->id);
}

static bool is_from(const struct probe *p, const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;

	if (from->ss_family != p->to.family)
		return false;
	if (from->ss_family == AF_INET)
		return !memcmp(&in->sin_addr, p->to.bytes, sizeof(in->sin_addr));
	return !memcmp(&in6->sin6_addr, p->to.bytes, sizeof(in6->sin6_addr));
}

static void answered(struct pinger *g, const struct echo *echo, const struct sockaddr_storage *from)
{
	uint16_t sequence = ntohs(echo->sequence);
	struct probe *p = g->asked[sequence % CHECKS_AT_ONCE];

	if (p && p->echo.sequence == sequence && p->echo.cookie == echo->cookie &&
	    is_from(p, from))
		probe_end(p, PROBE_GOOD, "echo reply");
}

static void ready(void *context, uint32_t events)
{
	struct echo_socket *s = context;

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++) {
		uint8_t bytes[128];
		struct sockaddr_storage from = {};
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(s->source.fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &from_len);
		struct echo echo;

		if (len < 0)
			return;
		if (echo_in(s, bytes, len, &echo))
			answered(s->pinger, &echo, &from);
	}
}

/* ---- the sockets ---- */

static void filter_replies(int fd, int family)
{
	struct icmp_filter filter = { ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter filter6;

	if (family == AF_INET) {
		setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
		return;
	}
	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6));
}

/*
 * Widens a queue: requests to dead neighbours wait in the sending queue, and others must fit
 * beside them.
 */
static void widen(int fd, int force, int ask)
{
	int bytes = QUEUE_BYTES;

	if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, ask, &bytes, sizeof(bytes));
}

static int socket_open(struct echo_socket *s)
{
	int protocol = s->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	_close_ int fd = socket(s->family, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int err;

	s->raw = fd >= 0;
	if (fd < 0 && errno == EPERM)
		fd = socket(s->family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	if (s->raw)
		filter_replies(fd, s->family);
	widen(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	s->source = (struct loop_source){ fd, ready, s };
	err = loop_add(s->pinger->loop, &s->source, EPOLLIN);
	if (err) {
		s->source.fd = -1;
		return err;
	}
	take_fd(&fd);
	return 0;
}

static void socket_close(struct echo_socket *s)
{
	if (s->source.fd < 0)
		return;
	loop_remove(s->pinger->loop, &s->source);
	close(s->source.fd);
}

/* ---- requests ---- */

/* The checksum of RFC 1071. The kernel fills in that of ICMPv6, and of a ping socket. */
static uint16_t checksum(const struct echo *echo)
{
	uint16_t words[sizeof(*echo) / 2];
	uint32_t sum = 0;

	memcpy(words, echo, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static int ask(struct probe *p, const struct echo_socket *s)
{
	struct sockaddr_storage to;
	socklen_t len = probe_sockaddr(p, &to);
	struct echo echo = {
		.type = s->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST,
		.id = htons(s->pinger->id),
		.sequence = htons(p->echo.sequence),
		.cookie = p->echo.cookie,
	};

	echo.checksum = checksum(&echo);
	if (sendto(s->source.fd, &echo, sizeof(echo), MSG_DONTWAIT, (struct sockaddr *)&to,
		   len) < 0)
		return -errno;
	return 0;
}

static void icmp_start(struct probe *p)
{
	struct pinger *g = p->engine;
	struct echo_socket *s = p->to.family == AF_INET ? &g->in : &g->in6;
	int err = s->source.fd < 0 ? socket_open(s) : 0;

	while (g->asked[++g->sequence % CHECKS_AT_ONCE])
		;
	g->asked[g->sequence % CHECKS_AT_ONCE] = p;
	p->echo.sequence = g->sequence;
	if (getrandom(&p->echo.cookie, sizeof(p->echo.cookie), GRND_NONBLOCK) < 0)
		p->echo.cookie = p->started_ns;
	if (err)
		return probe_unable(p, -err, err == -EACCES || err == -EPERM ?
				    ", want CAP_NET_RAW for icmp" : "");
	err = ask(p, s);
	if (err)
		probe_refused(p, -err);
}

static void icmp_stop(struct probe *p)
{
	struct pinger *g = p->engine;

	g->asked[p->echo.sequence % CHECKS_AT_ONCE] = NULL;
}

static int icmp_open(struct loop *loop, void **ret)
{
	struct pinger *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->loop = loop;
	g->in = (struct echo_socket){ .source.fd = -1, .pinger = g, .family = AF_INET };
	g->in6 = (struct echo_socket){ .source.fd = -1, .pinger = g, .family = AF_INET6 };
	/* Another daemon on this host must have another identifier. */
	if (getrandom(&g->id, sizeof(g->id), GRND_NONBLOCK) < 0)
		g->id = getpid();
	*ret = g;
	return 0;
}

static void icmp_close(void *engine)
{
	struct pinger *g = engine;

	socket_close(&g->in);
	socket_close(&g->in6);
	free(g);
}

const struct probe_kind probe_icmp = {
	.open = icmp_open,
	.close = icmp_close,
	.start = icmp_start,
	.stop = icmp_stop,
};
