// SPDX-License-Identifier: GPL-2.0-or-later
/* Clients, what they send, and what was promised them. */
#include "history_parts.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <string.h>

#include <xring/hash.h>

#include "asked.h"
#include "base/util.h"
#include "frame.h"
#include "xring.skel.h"

static uint16_t l4_bytes(const struct client *c, uint32_t bytes)
{
	return htons((c->udp ? 8 : 20) + bytes);
}

static void *ip4_fill(struct history *h, const struct client *c, uint32_t bytes)
{
	struct ethhdr *eth = (void *)h->in;
	struct iphdr *ip = (void *)(eth + 1);

	eth->h_proto = htons(ETH_P_IP);
	*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .saddr = c->addr,
			      .protocol = c->udp ? IPPROTO_UDP : IPPROTO_TCP,
			      .daddr = htonl(0x0ac80101),
			      .tot_len = htons(20 + ntohs(l4_bytes(c, bytes))) };
	return ip + 1;
}

/* The same client's address, at the end of an IPv6 one. */
static void *ip6_fill(struct history *h, const struct client *c, uint32_t bytes)
{
	struct ethhdr *eth = (void *)h->in;
	struct ipv6hdr *ip = (void *)(eth + 1);

	eth->h_proto = htons(ETH_P_IPV6);
	*ip = (struct ipv6hdr){ .version = 6, .hop_limit = 64,
				.nexthdr = c->udp ? IPPROTO_UDP : IPPROTO_TCP,
				.payload_len = l4_bytes(c, bytes) };
	ip->saddr.s6_addr[0] = 0xfd;
	memcpy(ip->saddr.s6_addr + 12, &c->addr, 4);
	ip->daddr.s6_addr[0] = 0xfc;
	ip->daddr.s6_addr[15] = 1;
	return ip + 1;
}

/* Data does not leave the regions that the client's rule names, whatever happens. */
static void law(struct history *h, size_t i, uint16_t backend)
{
	if (!backend)
		h->dropped++;
	else if (h->kind.rules && !(home_table(h, i)->regions >> h->region_of[backend] & 1))
		h->leaks++;
}

static uint16_t packet(struct history *h, size_t i, uint8_t flags, uint32_t seq, uint32_t bytes)
{
	struct client *c = &h->clients[i];
	struct tcphdr *tcp;
	struct rule_packet p = { flags, seq, seq + bytes + !!(flags & SYN) + !!(flags & FIN) };
	struct xdp_md ctx;
	uint16_t got, want;

	memset(h->in, 0, sizeof(h->in));
	tcp = c->v6 ? ip6_fill(h, c, bytes) : ip4_fill(h, c, bytes);
	tcp->source = c->port;
	tcp->dest = htons(80);
	if (!c->udp) {
		tcp->seq = htonl(seq);
		tcp->doff = 5;
		((uint8_t *)tcp)[13] = flags;
	}
	ctx = (struct xdp_md){ .data_end = sizeof(h->in),
			       .ingress_ifindex = h->ingress_ifindex[c->ingress] };
	h->opts = (struct bpf_test_run_opts){ .sz = sizeof(h->opts), .data_in = h->in,
		.data_size_in = sizeof(h->in), .data_out = h->out,
		.data_size_out = sizeof(h->out), .repeat = 1,
		.ctx_in = h->kind.ingresses ? &ctx : NULL,
		.ctx_size_in = h->kind.ingresses ? sizeof(ctx) : 0 };
	if (h->asked)
		asked_ask(h->asked, h->in, sizeof(h->in), h->kind.ingresses ? ctx.ingress_ifindex : 0);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(h->skel->progs.xring), &h->opts), 0);
	if (h->asked)
		asked_compare(h->asked, h->opts.retval, h->out, h->opts.data_size_out);
	h->packets++;
	want = rule_answer(&h->rule, &h->flows[i], &p);
	got = h->opts.retval != XDP_DROP ? h->out[4] << 8 | h->out[5] : 0;
	if (got != want)
		fail_msg("flow %zu (%s), flags %02x, seq %u: went to %u, the model says %u", i,
			 c->udp ? "udp" : "tcp", flags, seq, got, want);
	law(h, i, got);
	return got;
}

/* No room for its pin, and its old backend dead or forbidden: it follows the newest answer. */
static bool homeless(const struct history *h, size_t i)
{
	const struct rule_flow *f = &h->flows[i];
	const struct client *c = &h->clients[i];

	return !rule_remembers(&h->rule, f, c->seq, c->backend) && rule_moves(&h->rule, f) &&
	       (!h->rule.generation[rule_old(&h->rule, f)] ||
		!rule_allows(&h->rule, f, rule_old(&h->rule, f)));
}

/* Is the only claim to its ports the one that it has made? */
static bool alone(const struct rule_flow *f, const struct client *c)
{
	bool own = f->opened[0].there && rule_fits(&f->opened[0], c->seq);

	return !f->opened[1].there && !f->homeless.there &&
	       (own ? !f->kept.there : !f->opened[0].there);
}

/* While flows come back whose numbers nobody knows, one may be taken for another. */
static bool mistaken(const struct history *h, const struct client *c)
{
	return !c->udp && h->rule.now < h->rule.returning && !alone(&h->flows[c - h->clients], c);
}

/* A stranger has opened a flow on its ports, and its number is one of that: one in 65,536 is guessed so. */
static bool guessed(const struct history *h, const struct client *c)
{
	const struct rule_flow *f = &h->flows[c - h->clients];

	for (unsigned i = 0; i < 2 && !c->udp; i++)
		if (f->opened[i].there && f->opened[i].base != c->opened + 1 &&
		    rule_fits(&f->opened[i], c->seq))
			return true;
	return false;
}

/* The promise. Where a flow lives is dead or was never told, none is given. */
static void promise(struct history *h, struct client *c, uint16_t backend)
{
	c->excused |= homeless(h, c - h->clients) || mistaken(h, c);
	if (!c->backend) {
		c->backend = backend;
		c->generation = h->rule.generation[backend];
		return;
	}
	if (h->rule.generation[c->backend] != c->generation || c->excused)
		return;
	if (backend == c->backend)
		return;
	c->excused = guessed(h, c);
	if (c->excused)
		h->guessed++;
	else
		h->moved++;
}

static void client_begin(struct client *c)
{
	c->life = CLIENT_NEW;
	c->backend = 0;
	c->excused = c->attacked = false;
}

/* A forger in the middle of a handshake can spoil it: no connection is there yet. */
static void client_shakes(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];
	uint16_t backend = packet(h, i, ACK, c->seq, 0);

	c->life = CLIENT_OPEN;
	if (c->attacked && (backend != c->backend ||
			    !rule_remembers(&h->rule, &h->flows[i], c->seq, backend))) {
		h->spoilt++;
		client_begin(c);
		return;
	}
	promise(h, c, backend);
}

static uint32_t patience(const struct client *c)
{
	if (c->udp)
		return UDP_IDLE;
	if (c->life == CLIENT_SYN)
		return XRING_SHAKING_MS;
	return c->life == CLIENT_CLOSING ? XRING_CLOSING_MS : TCP_IDLE;
}

static void client_udp(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	promise(h, c, packet(h, i, 0, 0, 1));
	if (chance(h, 3))
		client_begin(c);
}

static void client_tcp(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	switch (c->life) {
	case CLIENT_NEW:
		c->opened = c->seq = draw(h, UINT32_MAX);
		c->backend = packet(h, i, SYN, c->seq++, 0);
		c->generation = h->rule.generation[c->backend];
		c->excused |= homeless(h, i);
		c->life = CLIENT_SYN;
		if (!chance(h, 100))
			return;
		packet(h, i, SYN, c->seq - 1, 0);		/* lost, and again */
		return;
	case CLIENT_SYN:
		client_shakes(h, i);
		return;
	case CLIENT_OPEN:
		if (chance(h, 10)) {
			promise(h, c, packet(h, i, RST | ACK, c->seq, 0));
			client_begin(c);
			return;
		}
		if (chance(h, 30)) {
			promise(h, c, packet(h, i, FIN | ACK, c->seq++, 0));
			c->life = CLIENT_CLOSING;
			return;
		}
		promise(h, c, packet(h, i, ACK, c->seq, 4));
		c->seq += 4;
		return;
	case CLIENT_CLOSING:				/* a download goes on */
		promise(h, c, packet(h, i, ACK, c->seq, 0));
		if (chance(h, 200))
			client_begin(c);		/* the same ports again */
		return;
	}
}

/* ---- strangers, who know addresses and ports ---- */

static void forge(struct history *h, size_t i, uint8_t flags, uint32_t seq)
{
	struct client *c = &h->clients[i];

	/* A second flow on its ports that is half open gives way to a third. */
	c->excused |= c->life == CLIENT_CLOSING && h->flows[i].opened[1].there;
	h->forged++;
	packet(h, i, flags, seq, flags & ACK ? draw(h, 5) : 0);
}

/* One whole flow of their own, with numbers that fit each other; and another. */
static void forge_flows(struct history *h, size_t i)
{
	for (int flow = 0; flow < 2; flow++) {
		uint32_t seq = draw(h, UINT32_MAX);

		forge(h, i, SYN, seq);
		packet(h, i, ACK, seq + 1, 0);
		packet(h, i, ACK, seq + 1, 4);
		if (chance(h, 500))
			packet(h, i, FIN | ACK, seq + 5, 0);
	}
}

/* By half the space at a time, so that any number seems old; then an end, and a beginning. */
static void forge_walk(struct history *h, size_t i)
{
	uint32_t seq = draw(h, UINT32_MAX);

	for (int step = 0; step < 6; step++)
		packet(h, i, ACK, seq += 0x40000000, 0);
	packet(h, i, FIN | ACK, seq, 0);
	forge(h, i, SYN, seq + 1000);
	packet(h, i, ACK, seq + 1001, 0);
}

/*
 * What the client sent as its SYN. While that was all, it is not to be told from a flow that
 * opens now.
 */
static void forge_again(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	h->forged++;
	c->excused |= c->seq == c->opened + 1;
	packet(h, i, SYN, c->opened, 0);
}

static void attacker(struct history *h, size_t i)
{
	static const uint8_t flags[] = { SYN, SYN, RST, FIN | ACK, ACK, RST | ACK };

	/* While flows come back whose numbers nobody knows, strangers' are believed too. */
	if (h->rule.now < h->rule.returning)
		return;
	h->clients[i].attacked |= h->clients[i].life == CLIENT_SYN;
	switch (draw(h, 8)) {
	case 0:
		forge_flows(h, i);
		return;
	case 1:
		forge_walk(h, i);
		return;
	case 2:
		forge_again(h, i);
		return;
	default:
		forge(h, i, flags[draw(h, ARRAY_SIZE(flags))], draw(h, UINT32_MAX));
	}
}

/*
 * The program was detached for a while, and some flows went on without it. Until these have
 * come back, flows are not told apart from others that claim their ports.
 */
void clients_away(struct history *h)
{
	h->config->attached = h->rule.now * 1000000;
	h->rule.returning = h->rule.now + TCP_IDLE;
	for (size_t i = 0; i < h->rule.flow_count; i++) {
		struct client *c = &h->clients[i];

		if (c->udp || c->life < CLIENT_OPEN)
			continue;
		c->excused |= mistaken(h, c);
		if (c->life != CLIENT_OPEN || !chance(h, 100))
			continue;
		c->seq += draw(h, 1u << 31);
		h->away++;
	}
}

/* The tuple's hash, and the key's: where that is the client, the same of its address alone. */
static void flow_hashes(struct history *h, size_t i)
{
	const struct client *c = &h->clients[i];
	__u64 ports = XRING_PORTS(c->port, htons(80), c->udp ? IPPROTO_UDP : IPPROTO_TCP);
	const __u64 *key = (__u64 *)h->config->hash_key;
	__u8 src[16] = { 0xfd }, dst[16] = { 0xfc, [15] = 1 };
	struct rule_flow *f = &h->flows[i];
	__u64 words[4] = {};

	if (!c->v6) {
		f->tuple = hash_flow4(key, c->addr, htonl(0x0ac80101), ports);
		f->hash = h->kind.hot ? hash_flow4(key, c->addr, 0, 0) : f->tuple;
		return;
	}
	memcpy(src + 12, &c->addr, 4);
	memcpy(words, src, 16);
	f->hash = hash_flow6(key, words, words + 2, 0);
	memcpy(words + 2, dst, 16);
	f->tuple = hash_flow6(key, words, words + 2, ports);
	if (!h->kind.hot)
		f->hash = f->tuple;
}

static void flow_key(struct history *h, size_t i)
{
	size_t k = i % CLIENTS * 2 + h->clients[i].v6;

	if (!h->kind.hot)
		return;
	h->key_hash[k] = h->flows[i].hash;
	h->flows[i].key = &h->keys[k];
}

void client_speak(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	c->excused |= h->rule.now - c->last > patience(c);
	if (!c->udp)
		client_tcp(h, i);
	else
		client_udp(h, i);
	c->last = h->rule.now;
}

void clients_step(struct history *h)
{
	for (size_t i = 0; i < h->rule.flow_count; i++) {
		struct client *c = &h->clients[i];
		uint64_t silent = h->rule.now - c->last;
		bool speaks = chance(h, c->life == CLIENT_SYN ? 900 : 60);
		bool must = silent + STEP_MS > patience(c) && i % 50;	/* one in 50 may sleep */

		if (c->life != CLIENT_NEW && chance(h, 2) && !c->udp)
			attacker(h, i);
		if (speaks || must)
			client_speak(h, i);
	}
}

/*
 * Where its rule forbids the backend, nothing keeps a flow there. Nor where it was not
 * pinned yet and the rule of before a change does: that ring has cut the backend.
 */
void clients_excuse(struct history *h)
{
	for (size_t i = 0; i < h->rule.flow_count; i++) {
		const struct rule_flow *f = &h->flows[i];
		struct client *c = &h->clients[i];

		c->excused |= c->backend && (!rule_allows(&h->rule, f, c->backend) ||
					     (!rule_allowed(&h->rule, f, c->backend) &&
					      !rule_remembers(&h->rule, f, c->seq,
							      c->backend)));
	}
}

static void flow_begin(struct history *h, size_t i)
{
	struct client *c = &h->clients[i];

	*c = (struct client){ .udp = i % 10 < 3, .v6 = i % 3 == 0,
			      .ingress = h->kind.ingresses ? i / 7 % SIDES : 0,
			      .addr = htonl(0x0a010000 + (h->kind.hot ? i % CLIENTS : i)),
			      .port = htons(PORT_FIRST + i), .last = h->rule.now };
	h->flows[i].udp = c->udp;
	flow_hashes(h, i);
	flow_key(h, i);
}

void clients_begin(struct history *h)
{
	for (size_t i = 0; i < h->rule.flow_count; i++)
		flow_begin(h, i);
}
