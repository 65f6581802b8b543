// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends IPv4 packets as a stranger on the link would: with any addresses, past the host's own
 * stack. A TCP packet is an ACK without data and with a random number; a UDP packet carries its
 * TTL as text.
 *
 *     inject [-n COUNT] [-r RATE] [-t TTL] [-o OUTER-SRC,OUTER-DST]
 *            DEV MAC udp|tcp SRC SPORT DST DPORT
 *
 * -n: so many (1), -r: a second (1000). -o: in a tunnel (RFC 2003). SPORT 0: a random one each.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct packet {
	uint8_t bytes[256];		/* filled from the end */
	size_t at;
};

static uint8_t *put(struct packet *p, size_t len)
{
	p->at -= len;
	return memset(p->bytes + p->at, 0, len);
}

static uint32_t sum(const void *bytes, size_t len, uint32_t start)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++)
		start += (uint32_t)b[i] << (i & 1 ? 0 : 8);
	return start;
}

/* RFC 1071. */
static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static in_addr_t address(const char *text)
{
	struct in_addr a;

	if (!inet_aton(text, &a))
		errx(2, "%s: want an IPv4 address", text);
	return a.s_addr;
}

static void put_ip(struct packet *p, const char *src, const char *dst, int ttl, int protocol)
{
	struct iphdr *ip = (void *)put(p, sizeof(*ip));

	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = ttl, .protocol = protocol,
			      .tot_len = htons(sizeof(p->bytes) - p->at),
			      .saddr = address(src), .daddr = address(dst) };
	ip->check = folded(sum(ip, sizeof(*ip), 0));
}

static uint16_t l4_check(const struct packet *p, const char *src, const char *dst, int protocol)
{
	size_t len = sizeof(p->bytes) - p->at;
	uint32_t pseudo[] = { address(src), address(dst) };

	return folded(sum(p->bytes + p->at, len,
			  sum(pseudo, sizeof(pseudo), protocol + len)));
}

static uint16_t port(const char *text)
{
	return htons(atoi(text) ?: 1024 + random() % 60000);
}

static void put_udp(struct packet *p, char **args, int ttl)
{
	struct udphdr *udp;
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", ttl);

	memcpy(put(p, len), text, len);
	udp = (void *)put(p, sizeof(*udp));
	*udp = (struct udphdr){ .source = port(args[1]), .dest = htons(atoi(args[3])),
				.len = htons(sizeof(*udp) + len) };
	udp->check = l4_check(p, args[0], args[2], IPPROTO_UDP);
}

static void put_tcp(struct packet *p, char **args)
{
	struct tcphdr *tcp = (void *)put(p, sizeof(*tcp));

	*tcp = (struct tcphdr){ .source = port(args[1]), .dest = htons(atoi(args[3])),
				.seq = (uint32_t)random() << 1, .ack_seq = htonl(1), .doff = 5, .ack = 1,
				.window = 0xffff };
	tcp->check = l4_check(p, args[0], args[2], IPPROTO_TCP);
}

static void put_ether(struct packet *p, const char *mac)
{
	struct ether_addr *to = ether_aton(mac);
	struct ethhdr *eth = (void *)put(p, sizeof(*eth));

	if (!to)
		errx(2, "%s: want a MAC address", mac);
	memcpy(eth->h_dest, to, ETH_ALEN);
	memcpy(eth->h_source, "\x02\x66\x66\x66\x66\x66", ETH_ALEN);
	eth->h_proto = htons(ETH_P_IP);
}

static int link_open(const char *device)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || !at.sll_ifindex || bind(fd, (void *)&at, sizeof(at)))
		err(1, "%s", device);
	return fd;
}

struct options {
	int ttl, count, rate;
	const char *outer_src, *outer_dst;
};

/* args: DEV MAC udp|tcp SRC SPORT DST DPORT */
static void send_one(int fd, const struct options *o, char **args)
{
	struct packet p = { .at = sizeof(p.bytes) };
	bool udp = !strcmp(args[2], "udp");

	if (udp)
		put_udp(&p, args + 3, o->ttl);
	else
		put_tcp(&p, args + 3);
	put_ip(&p, args[3], args[5], o->ttl, udp ? IPPROTO_UDP : IPPROTO_TCP);
	if (o->outer_src)
		put_ip(&p, o->outer_src, o->outer_dst, 64, IPPROTO_IPIP);
	put_ether(&p, args[1]);
	if (send(fd, p.bytes + p.at, sizeof(p.bytes) - p.at, 0) < 0)
		err(1, "%s", args[0]);
}

static struct options parse(int argc, char **argv)
{
	struct options o = { .ttl = 64, .count = 1, .rate = 1000 };
	int option;

	while ((option = getopt(argc, argv, "n:r:t:o:")) >= 0) {
		if (option == 'n')
			o.count = atoi(optarg);
		else if (option == 'r' && atoi(optarg) > 0)
			o.rate = atoi(optarg);
		else if (option == 't')
			o.ttl = atoi(optarg);
		else if (option == 'o' && strchr(optarg, ','))
			o.outer_src = strtok(optarg, ","), o.outer_dst = strtok(NULL, ",");
		else
			errx(2, "-%c: want -n COUNT, -r RATE, -t TTL or -o SRC,DST", option);
	}
	if (argc - optind != 7)
		errx(2, "want DEV MAC udp|tcp SRC SPORT DST DPORT");
	return o;
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	char **args = argv + optind;
	int fd = link_open(args[0]);

	srandom(getpid());
	for (int i = 0; i < o.count; i++) {
		send_one(fd, &o, args);
		if (i + 1 < o.count)
			usleep(1000000 / o.rate);
	}
	close(fd);
	return 0;
}
