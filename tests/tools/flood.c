// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets that nobody waits for, from a raw socket: SYNs (or datagrams) of random
 * clients, or forged packets of one client's connection. Checksums are right, so
 * that what is refused is refused for what it is.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const char usage[] =
	"usage: flood ADDRESS PORT --syn N [--pps P] [--udp]\n"
	"       flood ADDRESS PORT --tuple SRC:PORT --flags rst|fin|syn|ack --count N [--pps P]\n"
	"\n"
	"  --syn    N SYNs from random addresses and ports; --udp: datagrams instead\n"
	"  --tuple  N packets with these flags and random sequence numbers from that client;\n"
	"           an IPv6 address in brackets\n"
	"  --pps    packets a second; as many as can be by default\n";

#define BATCH 64
#define PACKET_MAX 80

struct flood {
	int family;
	unsigned char from[16], to[16];
	uint16_t from_port, to_port;	/* network byte order */
	bool random_source, udp;
	uint8_t flags;
	uint64_t count, pps;
	uint64_t random;
};

struct packet {
	unsigned char bytes[PACKET_MAX];
	size_t len;
};

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("flood: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	exit(2);
}

static uint64_t random64(struct flood *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	return f->random ^= f->random << 17;
}

/* ---- packets ---- */

static uint32_t sum(const void *bytes, size_t len, uint32_t so_far)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i + 1 < len; i += 2)
		so_far += at[i] << 8 | at[i + 1];
	return len & 1 ? so_far + (at[len - 1] << 8) : so_far;
}

static uint16_t folded(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons(~total & 0xffff);
}

/* An address that could be a client's: 2001:db8::/32, or outside of 0, 10, 127 and 224 up. */
static void random_source(struct flood *f)
{
	uint64_t r = random64(f), s = random64(f);
	uint8_t first = r;

	memcpy(f->from, &r, 8);
	memcpy(f->from + 8, &s, 8);
	if (f->family == AF_INET6)
		memcpy(f->from, "\x20\x01\x0d\xb8", 4);
	else if (!first || first == 10 || first == 127 || first >= 224)
		f->from[0] = 11 + (s & 63);
	f->from_port = htons(1024 + (s >> 16) % 60000);
}

static size_t transport_fill(struct flood *f, void *at)
{
	if (f->udp) {
		struct udphdr *udp = at;

		*udp = (struct udphdr){ .source = f->from_port, .dest = f->to_port,
					.len = htons(sizeof(*udp)) };
		return sizeof(*udp);
	}
	struct tcphdr *tcp = at;

	*tcp = (struct tcphdr){ .source = f->from_port, .dest = f->to_port, .doff = 5,
				.seq = random64(f), .window = htons(65535) };
	tcp->th_flags = f->flags;
	if (f->flags & TH_ACK)
		tcp->ack_seq = random64(f);
	return sizeof(*tcp);
}

static void checksum_set(const struct flood *f, void *at, size_t len)
{
	size_t address = f->family == AF_INET ? 4 : 16;
	uint32_t total = (f->udp ? IPPROTO_UDP : IPPROTO_TCP) + len;
	uint16_t *check = f->udp ? &((struct udphdr *)at)->check : &((struct tcphdr *)at)->check;

	total = sum(f->from, address, sum(f->to, address, total));
	*check = folded(sum(at, len, total));
	if (f->udp && !*check)
		*check = 0xffff;
}

static void packet_make(struct flood *f, struct packet *p)
{
	size_t header = f->family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ip6_hdr), len;
	uint8_t protocol = f->udp ? IPPROTO_UDP : IPPROTO_TCP;

	if (f->random_source)
		random_source(f);
	len = transport_fill(f, p->bytes + header);
	checksum_set(f, p->bytes + header, len);
	p->len = header + len;
	if (f->family == AF_INET) {	/* the kernel fills in the checksum */
		struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = protocol,
				    .tot_len = htons(p->len), .id = random64(f) };

		memcpy(&ip.saddr, f->from, 4);
		memcpy(&ip.daddr, f->to, 4);
		memcpy(p->bytes, &ip, sizeof(ip));
	} else {
		struct ip6_hdr ip = { .ip6_flow = htonl(6u << 28), .ip6_plen = htons(len),
				      .ip6_nxt = protocol, .ip6_hlim = 64 };

		memcpy(&ip.ip6_src, f->from, 16);
		memcpy(&ip.ip6_dst, f->to, 16);
		memcpy(p->bytes, &ip, sizeof(ip));
	}
}

/* ---- sending ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int raw_open(const struct flood *f)
{
	int fd = socket(f->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), size = 4 << 20;
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	bool v4 = f->family == AF_INET;

	memcpy(&to4.sin_addr, f->to, 4);
	memcpy(&to6.sin6_addr, f->to, 16);
	if (fd < 0)
		die("raw socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, v4 ? (void *)&to4 : (void *)&to6, v4 ? sizeof(to4) : sizeof(to6)))
		die("connect: %s", strerror(errno));
	return fd;
}

/* At most pps a second from the start on. */
static void pace(const struct flood *f, double start, uint64_t sent)
{
	double early = f->pps ? start + (double)sent / f->pps - now() : 0;

	if (early > 0)
		nanosleep(&(struct timespec){ early, (early - (long)early) * 1e9 }, NULL);
}

static int send_all(struct flood *f)
{
	static struct packet packets[BATCH];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	uint64_t sent = 0, errors = 0;
	double start = now();
	int fd = raw_open(f);

	for (int i = 0; i < BATCH; i++) {
		parts[i].iov_base = packets[i].bytes;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (sent + errors < f->count) {
		uint64_t left = f->count - sent - errors;
		int many = left < BATCH ? left : BATCH, n;

		for (int i = 0; i < many; i++) {
			packet_make(f, &packets[i]);
			parts[i].iov_len = packets[i].len;
		}
		n = sendmmsg(fd, messages, many, 0);
		if (n < 0)
			errors++;	/* the first of them; the others are made anew */
		else
			sent += n;
		pace(f, start, sent + errors);
	}
	printf("{\"sent\":%llu,\"errors\":%llu,\"seconds\":%.3f}\n", (unsigned long long)sent,
	       (unsigned long long)errors, now() - start);
	return errors > 0;
}

/* ---- the words ---- */

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end)
		die("%s: want a number", text);
	return value;
}

static int address_of(const char *address, const char *port, unsigned char *ret, uint16_t *ret_port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM }, *found;
	int family;

	if (getaddrinfo(address, port, &hints, &found))
		die("%s port %s: want a numeric address and port", address, port);
	family = found->ai_family;
	if (family == AF_INET) {
		const struct sockaddr_in *a = (void *)found->ai_addr;

		memcpy(ret, &a->sin_addr, 4);
		*ret_port = a->sin_port;
	} else {
		const struct sockaddr_in6 *a = (void *)found->ai_addr;

		memcpy(ret, &a->sin6_addr, 16);
		*ret_port = a->sin6_port;
	}
	freeaddrinfo(found);
	return family;
}

static void tuple_take(struct flood *f, char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		die("tuple %s: want SRC:PORT", text);
	*colon = 0;
	if (text[0] == '[' && colon[-1] == ']') {
		text++;
		colon[-1] = 0;
	}
	if (address_of(text, colon + 1, f->from, &f->from_port) != f->family)
		die("tuple: want both addresses of one family");
	f->random_source = false;
}

static uint8_t flags_of(const char *word)
{
	static const struct { const char *word; uint8_t flags; } all[] = {
		{ "rst", TH_RST }, { "fin", TH_FIN | TH_ACK }, { "syn", TH_SYN }, { "ack", TH_ACK },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(word, all[i].word))
			return all[i].flags;
	die("flags %s: want rst, fin, syn or ack", word);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "syn", required_argument, NULL, 's' }, { "count", required_argument, NULL, 's' },
		{ "pps", required_argument, NULL, 'p' }, { "udp", no_argument, NULL, 'u' },
		{ "tuple", required_argument, NULL, 't' },
		{ "flags", required_argument, NULL, 'f' }, {}
	};
	struct flood f = { .random_source = true, .flags = TH_SYN };
	char *tuple = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's': f.count = number_of(optarg); break;
		case 'p': f.pps = number_of(optarg); break;
		case 'u': f.udp = true; break;
		case 't': tuple = optarg; break;
		case 'f': f.flags = flags_of(optarg); break;
		default: return 2;
		}
	}
	if (argc - optind != 2 || !f.count) {
		fputs(usage, stderr);
		return 2;
	}
	f.random = (uint64_t)(now() * 1e9) | 1;
	f.family = address_of(argv[optind], argv[optind + 1], f.to, &f.to_port);
	if (tuple)
		tuple_take(&f, tuple);
	return send_all(&f);
}
