// SPDX-License-Identifier: GPL-2.0-or-later
#include "path.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "driver.h"
#include "net.h"
#include "object.h"
#include "stats.h"

#define BACKENDS 100
#define BATCH 64
#define WAIT_MS 1000

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

enum { SWAP, ENCAP, XRING, PROGRAMS };

struct lane {
	int source;			/* the program that makes frames */
	int sunk;			/* the map that counts them */
	unsigned packets;
	struct stream *stream;
	struct address vip;
};

static struct sink read_sink(int map)
{
	int cpus = cpu_count();
	struct sink each[cpus], sum = {};
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(map, &zero, each))
		fail("sink: %s", strerror(errno));
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.packets += each[cpu].packets;
		sum.bytes += each[cpu].bytes;
	}
	return sum;
}

/* The frames still in a ring when the source is done are few; none may be lost. */
static void wait_for_all(const struct lane *lane, const struct sink *before, int grows)
{
	struct sink now;

	for (int ms = 0; ms < WAIT_MS; ms++) {
		now = read_sink(lane->sunk);
		if (now.packets - before->packets >= lane->packets)
			break;
		usleep(1000);
	}
	if (now.packets - before->packets != lane->packets)
		fail("real path: %llu packets of %u came back", now.packets - before->packets,
		     lane->packets);
	if (now.bytes - before->bytes != (uint64_t)lane->packets * (FRAME_BYTES + grows))
		fail("real path: packets came back in the wrong shape");
}

static double run_once(const struct lane *lane, int grows)
{
	struct xdp_md ctx = { .data_end = FRAME_BYTES,
			      .ingress_ifindex = if_nametoindex(NET_CLIENT_LINK) };
	struct sink before = read_sink(lane->sunk);
	uint64_t start;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = lane->stream->frame,
		.data_size_in = FRAME_BYTES,
		.ctx_in = &ctx,
		.ctx_size_in = sizeof(ctx),
		.repeat = lane->packets,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = BATCH);

	traffic_stream(TRAFFIC_THOUSAND, &lane->vip, lane->stream);
	start = clock_ns();
	if (bpf_prog_test_run_opts(lane->source, &opts))
		fail("live frames: %s", strerror(errno));
	start = clock_ns() - start;
	wait_for_all(lane, &before, grows);
	return lane->packets * 1e9 / start;
}

static double run_program(const struct lane *lane, int program, int grows)
{
	net_enter(NET_BALANCER);
	net_attach(NET_BALANCER_LINK, program);
	net_enter(NET_CLIENT);
	return run_once(lane, grows);
}

/* A world with one ipip service whose backends are where the packets came from. */
static void serve(struct world *world, struct lane *lane)
{
	struct served service = {
		.mode = MODE_IPIP,
		.family = AF_INET,
		.to_family = AF_INET,
		.backend_count = BACKENDS,
	};

	net_enter(NET_BALANCER);
	service.ifindex = if_nametoindex(NET_BALANCER_LINK);
	net_enter(NET_CLIENT);
	world_serve(world, &service);
	world_publish(world);
	lane->vip = service.vip;
}

static void check_world(const struct world *world, uint64_t packets)
{
	uint64_t counters[XRING_CNT_MAX];

	world_counters(world, counters);
	if (counters[XRING_CNT_TX] != packets)
		fail("real path: xring forwarded %lu packets, want %lu",
		     counters[XRING_CNT_TX], packets);
}

static void summarize(double pps[PROGRAMS][SAMPLES_MAX], unsigned rounds, struct path *ret)
{
	double xring[SAMPLES_MAX], encap[SAMPLES_MAX];

	*ret = (struct path){
		.swap = stats_median(pps[SWAP], rounds),
		.encap = stats_median(pps[ENCAP], rounds),
		.xring = stats_median(pps[XRING], rounds),
	};
	for (unsigned i = 0; i < rounds; i++) {
		xring[i] = pps[XRING][i] / pps[SWAP][i];
		encap[i] = pps[ENCAP][i] / pps[SWAP][i];
	}
	ret->best_ratio = stats_maximum(pps[XRING], rounds) / stats_maximum(pps[SWAP], rounds);
	ret->xring_ratio = stats_median(xring, rounds);
	ret->encap_ratio = stats_median(encap, rounds);
}

void path_run(const char *directory, const char *object, unsigned rounds, unsigned packets,
	      struct path *ret)
{
	static double pps[PROGRAMS][SAMPLES_MAX];
	struct bpf_object *live, *floors;
	struct lane lane = { .packets = packets };
	struct world world;
	char path[4096];

	snprintf(path, sizeof(path), "%s/live.bpf.o", directory);
	live = object_load(path);
	snprintf(path, sizeof(path), "%s/floor.bpf.o", directory);
	floors = object_load(path);
	lane.source = object_program(live, "bench_source");
	lane.sunk = object_map(live, "sunk");
	lane.stream = object_memory(live, ".bss", sizeof(*lane.stream));
	net_attach(NET_CLIENT_LINK, object_program(live, "bench_sink"));
	world_open(object, &world);
	serve(&world, &lane);
	for (unsigned i = 0; i < rounds; i++) {
		pps[SWAP][i] = run_program(&lane, object_program(floors, "floor_swap"), 0);
		pps[ENCAP][i] = run_program(&lane, object_program(floors, "floor_encap4"), 20);
		pps[XRING][i] = run_program(&lane, world.program, 20);
	}
	check_world(&world, (uint64_t)rounds * packets);
	summarize(pps, rounds, ret);
}
