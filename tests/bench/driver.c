// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>

#include "net.h"
#include "object.h"
#include "stats.h"
#include "world.h"

static struct {
	int program;
	int tested;			/* the map with the tested program */
	int current;			/* the program in it */
	struct drive *drive;
} driver = { .current = -1 };

static const struct {
	const char *name;
	uint32_t flows;
	uint32_t fresh;
	bool syn;
	/* Packets before the clock is read: most lines of a ring of 100 are in the cache then. */
	uint32_t warm_up;
} kinds[TRAFFIC_ALL] = {
	[TRAFFIC_ONE] = { "1 flow", 1, 0, false, 2000 },
	[TRAFFIC_THOUSAND] = { "1,000 flows", 1000, 0, false, 5000 },
	[TRAFFIC_MILLION] = { "1,000,000 flows", 1000000, 0, false, 20000 },
	[TRAFFIC_SYN] = { "new flows, SYN", 1, 1, true, 20000 },
	[TRAFFIC_ACK] = { "new flows, ACK", 1, 1, false, 20000 },
	[TRAFFIC_TEN] = { "10 flows", 10, 0, false, 2000 },
	[TRAFFIC_HUNDRED] = { "100 flows", 100, 0, false, 2000 },
	[TRAFFIC_TEN_THOUSAND] = { "10,000 flows", 10000, 0, false, 20000 },
	[TRAFFIC_HUNDRED_THOUSAND] = { "100,000 flows", 100000, 0, false, 20000 },
	[TRAFFIC_STEADY] = { "1,000,000 flows, steady", 1000000, 0, false, 400000 },
};

const char *traffic_name(enum traffic traffic)
{
	return kinds[traffic].name;
}

/* padding: bytes of the frame behind the packet; a SYN has no data. */
static void frame_ipv4(uint8_t *at, const struct address *vip, uint32_t padding)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(FRAME_BYTES - ETH_HLEN - padding),
		.ttl = 64,
		.protocol = IPPROTO_TCP,
		.saddr = htonl(10 << 24),
	};

	memcpy(&ip.daddr, vip->bytes, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
}

static void frame_ipv6(uint8_t *at, const struct address *vip, uint32_t padding)
{
	struct ipv6hdr ip = {
		.version = 6,
		.payload_len = htons(FRAME_BYTES - ETH_HLEN - sizeof(ip) - padding),
		.nexthdr = IPPROTO_TCP,
		.hop_limit = 64,
		.saddr.s6_addr = { 0xfd },
	};

	memcpy(&ip.daddr, vip->bytes, sizeof(ip.daddr));
	memcpy(at, &ip, sizeof(ip));
}

void traffic_stream(enum traffic traffic, const struct address *vip, struct stream *ret)
{
	bool four = vip->family == AF_INET;
	struct ethhdr ether = {
		.h_source = { 2, 0, 0, 2, 0, 2 },
		.h_proto = htons(four ? ETH_P_IP : ETH_P_IPV6),
	};
	struct tcphdr tcp = {
		.dest = htons(WORLD_PORT),
		.seq = htonl(!kinds[traffic].syn),
		.doff = 5,
		.syn = kinds[traffic].syn,
		.ack = !kinds[traffic].syn,
		.window = 0xffff,
	};
	uint8_t *ip = ret->frame + sizeof(ether);
	uint32_t padding = kinds[traffic].syn ? FRAME_BYTES - ETH_HLEN - sizeof(tcp) -
		(four ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) : 0;

	*ret = (struct stream){
		.random = 0x9e3779b97f4a7c15,
		.flows = kinds[traffic].flows,
		.fresh = kinds[traffic].fresh,
		.family = four ? 4 : 6,
		.spread = 256,
		.services = 1,
	};
	memcpy(ether.h_dest, WORLD_MAC, ETH_ALEN);
	memcpy(ret->frame, &ether, sizeof(ether));
	if (four)
		frame_ipv4(ip, vip, padding);
	else
		frame_ipv6(ip, vip, padding);
	memcpy(ip + (four ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)), &tcp, sizeof(tcp));
}

/*
 * Attached to an interface (which stays down, so that no other packet comes in), the
 * driver stays in the kernel's XDP dispatcher; a test run would else put it in and
 * take it out again each time.
 */
void driver_open(const char *directory, const char *interface)
{
	struct bpf_object *obj;
	char path[4096];

	snprintf(path, sizeof(path), "%s/drive.bpf.o", directory);
	obj = object_load(path);
	driver.program = object_program(obj, "bench_drive");
	driver.tested = object_map(obj, "tested");
	driver.drive = object_memory(obj, ".bss", sizeof(*driver.drive));
	net_attach(interface, driver.program);
}

static void set_tested(int program)
{
	uint32_t zero = 0;

	if (program == driver.current)
		return;
	if (bpf_map_update_elem(driver.tested, &zero, &program, BPF_ANY))
		fail("tail call: %s", strerror(errno));
	driver.current = program;
}

void driver_run(int program, struct stream *stream, enum traffic traffic, bool shift,
		unsigned packets, struct batch *ret)
{
	uint32_t warm_up = kinds[traffic].warm_up;
	struct drive *drive = driver.drive;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = stream->frame,
		.data_size_in = FRAME_BYTES,
		.data_out = ret->frame,
		.data_size_out = sizeof(ret->frame),
		.repeat = warm_up + packets + 1);

	/* A last fragment at the beginning would be of a datagram that is too long ago. */
	stream->fragments += stream->fragments % 2;
	set_tested(program);
	*drive = (struct drive){
		.stream = *stream,
		.first = warm_up,
		.last = warm_up + packets,
		.shift = shift,
	};
	if (bpf_prog_test_run_opts(driver.program, &opts))
		fail("test run: %s", strerror(errno));
	*stream = drive->stream;
	if (drive->step != (uint64_t)opts.repeat || drive->strange)
		fail("driver: %llu steps of %d, %llu packets in a strange shape", drive->step,
		     opts.repeat, drive->strange);
	ret->ns = (double)(drive->stop_ns - drive->start_ns) / packets;
	ret->packets = drive->step;
	ret->grown = drive->grown;
	ret->verdict = opts.retval;
	ret->bytes = opts.data_size_out;
}
