// SPDX-License-Identifier: GPL-2.0-or-later
#include "talk.h"

#include <endian.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>

static const char usage[] =
	"usage: talk server ADDRESS PORT [--udp] [--rate R] NAME\n"
	"       talk client ADDRESS PORT [--tcp N] [--udp M] [--seconds S] [--source ADDR]\n"
	"                   [--sources N] [--rate R] [--life L] [--expect-file FILE]\n"
	"\n"
	"  server    says NAME to each connection, then records, R a second (5); --udp: answers\n"
	"            datagrams too. SIGTERM: prints its counts.\n"
	"  client    keeps N connections and M UDP flows for S seconds, or until SIGTERM. A\n"
	"            connection that breaks is told and not opened again. --sources: they take turns\n"
	"            at N addresses from ADDR on. --life: each lives about L seconds, is closed, and\n"
	"            another is opened at once; a broken one too. Lines on standard input:\n"
	"              dead NAME    what lives there is let go and opened elsewhere, from now on\n"
	"              alive NAME   no longer so\n"
	"              count        prints the counts so far: what lives on each server, or, with\n"
	"                           --life, the connections that it got since the last count\n"
	"            It prints its counts at the end and returns 1 if anything broke or was wrong.\n"
	"            FILE has the names that may answer, one a line.\n";

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("talk: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	exit(2);
}

/* ---- records ---- */

int stream_send(struct stream *s, int fd, const char mark[MARK_BYTES])
{
	bool fresh = s->out_at == s->out_bytes;
	ssize_t n;

	if (fresh) {
		struct record r = { .number = htobe64(s->sent + 1) };

		memcpy(r.mark, mark, MARK_BYTES);
		memcpy(s->out, &r, sizeof(r));
		s->out_at = 0;
		s->out_bytes = sizeof(r);
	}
	n = send(fd, s->out + s->out_at, s->out_bytes - s->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && fresh)
		s->out_bytes = 0;
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	s->out_at += n;
	s->sent += fresh;
	return fresh;
}

int stream_take(struct stream *s, const char *bytes, size_t len, const char mark[MARK_BYTES])
{
	int records = 0;

	while (len) {
		size_t want = sizeof(struct record) - s->in_bytes, some = len < want ? len : want;
		struct record r;

		memcpy(s->in + s->in_bytes, bytes, some);
		s->in_bytes += some;
		bytes += some;
		len -= some;
		if (s->in_bytes < sizeof(r))
			break;
		s->in_bytes = 0;
		memcpy(&r, s->in, sizeof(r));
		if (be64toh(r.number) != s->got + 1 || memcmp(r.mark, mark, MARK_BYTES))
			return -1;
		s->got++;
		records++;
	}
	return records;
}

void mark_of(const char *name, char ret[MARK_BYTES])
{
	memset(ret, 0, MARK_BYTES);
	memcpy(ret, name, strnlen(name, MARK_BYTES));
}

/* ---- the world ---- */

bool endpoint_of(const char *address, const char *port, struct endpoint *ret)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM }, *found;

	if (getaddrinfo(address, port, &hints, &found))
		return false;
	memcpy(&ret->address, found->ai_addr, found->ai_addrlen);
	ret->len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

unsigned local_port(int fd)
{
	struct sockaddr_in6 a = {};
	socklen_t len = sizeof(a);

	getsockname(fd, (struct sockaddr *)&a, &len);
	return ntohs(a.sin6_port);	/* where IPv4 has it too */
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

uint64_t soon_ms(double rate)
{
	return now_ms() + 1000 / rate * (0.5 + drand48());
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("signalfd: %s", strerror(errno));
	return fd;
}

void many_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- the words ---- */

static double number_of(const char *name, const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max))
		die("--%s %s: want %g to %g", name, text, min, max);
	return value;
}

static int server(int argc, char **argv)
{
	static const struct option options[] = { { "udp", no_argument, NULL, 'u' },
						 { "rate", required_argument, NULL, 'r' }, {} };
	struct server_options o = { .rate = 5 };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'u')
			o.udp = true;
		else if (c == 'r')
			o.rate = number_of("rate", optarg, 0.01, 100);
		else
			return 2;
	}
	if (argc - optind != 3)
		die("want ADDRESS PORT NAME");
	o.address = argv[optind];
	o.port = argv[optind + 1];
	o.name = argv[optind + 2];
	if (!*o.name || strlen(o.name) >= NAME_MAX_BYTES || strpbrk(o.name, "\n\"\\"))
		die("name %s: want 1 to %d characters", o.name, NAME_MAX_BYTES - 1);
	return talk_server(&o);
}

static int client(int argc, char **argv)
{
	static const struct option options[] = {
		{ "tcp", required_argument, NULL, 't' }, { "udp", required_argument, NULL, 'u' },
		{ "seconds", required_argument, NULL, 's' },
		{ "source", required_argument, NULL, 'b' },
		{ "sources", required_argument, NULL, 'n' },
		{ "rate", required_argument, NULL, 'r' },
		{ "life", required_argument, NULL, 'l' },
		{ "expect-file", required_argument, NULL, 'e' }, {}
	};
	struct client_options o = { .rate = 5, .sources = 1 };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 't': o.tcp = number_of("tcp", optarg, 0, 100000); break;
		case 'u': o.udp = number_of("udp", optarg, 0, 60000); break;
		case 's': o.seconds = number_of("seconds", optarg, 0, 1e6); break;
		case 'r': o.rate = number_of("rate", optarg, 0.01, 100); break;
		case 'l': o.life = number_of("life", optarg, 0.01, 1e6); break;
		case 'b': o.source = optarg; break;
		case 'n': o.sources = number_of("sources", optarg, 1, 65536); break;
		case 'e': o.expect_file = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind != 2)
		die("want ADDRESS PORT");
	o.address = argv[optind];
	o.port = argv[optind + 1];
	if (!o.tcp && !o.udp)
		die("want --tcp or --udp");
	if (o.life && o.udp)
		die("--life is of connections: want no --udp");
	if (o.sources > 1 && !o.source)
		die("--sources: want --source, the first of them");
	return talk_client(&o);
}

int main(int argc, char **argv)
{
	srand48(now_ms());
	many_files();
	if (argc > 1 && !strcmp(argv[1], "server"))
		return server(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "client"))
		return client(argc - 1, argv + 1);
	fputs(usage, stderr);
	return 2;
}
