// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/why.h"
#include "core/model/key_value.h"
#include "core/ring/ring.h"
#include "core/ring/spills.h"
#include "core/value/number.h"
#include "fixture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/util.h"
#include "conf/conf.h"
#include "core/vip/shapes.h"
#include "core/vip/slots.h"
#include "core/model/tunnel_source.h"
#include "core/vip/template.h"
#include "core/vip/vips.h"
#include "dp/dp.h"
#include "dp/write.h"
#include "asked.h"
#include "xring.skel.h"

#define SERVICES_MAX 16
#define BACKENDS_MAX 128

struct placed {
	struct cells cells;
	struct ring ring;
	uint32_t base;
	uint16_t ids[BACKENDS_MAX];	/* by backend, as the model sorts them */
};

struct world {
	struct xring_bpf *skel;
	struct asked *asked;		/* NULL: nobody is */
	struct model model;
	struct spill_pool spills;
	struct placed placed[SERVICES_MAX];
	uint16_t ids;
	uint32_t cells_used;
	struct xring_config *config;
	struct xring_vips *vips;
	struct xring_shape *shapes;
	uint64_t *cells;
	struct xring_spill *buckets;
	struct xring_backend *backends;
	struct dp dp;			/* what writes templates */
};

int namespace_enter(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET) ||
	       system("set -e; exec >/dev/null\n"
		      "ip link set lo up\n"
		      "ip link add out address 02:00:00:00:00:01 type veth peer name far\n"
		      "ip link set out up; ip link set far up\n"
		      "ip addr add 10.1.0.1/16 dev out\n"
		      "ip addr add fd00:1::1/64 dev out nodad\n"
		      "ip neigh add 10.1.0.2 lladdr 02:00:00:00:00:02 dev out nud permanent\n"
		      "ip neigh add fd00:1::2 lladdr 02:00:00:00:00:02 dev out nud permanent\n"
		      "ip route add blackhole 10.9.0.0/16\n"
		      "ip route add 10.8.0.0/16 via 10.1.0.2 mtu lock 1000\n"
		      "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.forwarding=1"
		      " net.ipv4.conf.lo.forwarding=1 net.ipv6.conf.all.forwarding=1");
}

int out_ifindex(void)
{
	return if_nametoindex("out");
}

static void *memory(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at = mmap(NULL, (bytes + page - 1) / page * page, PROT_READ | PROT_WRITE,
			MAP_SHARED, bpf_map__fd(map), 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN && !strstr(fmt, "skipping unrecognized") ?
	       vfprintf(stderr, fmt, args) : 0;
}

static struct xring_bpf *program_load(void)
{
	struct xring_bpf *skel = xring_bpf__open();
	struct bpf_map *map;

	assert_non_null(skel);
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(skel->maps.xring_cells, 1 << 16);
	bpf_map__set_max_entries(skel->maps.xring_spills, 1 << 12);
	bpf_program__set_flags(skel->progs.xring, BPF_F_XDP_HAS_FRAGS);	/* as user/dp does */
	assert_int_equal(xring_bpf__load(skel), 0);
	return skel;
}

static void model_read(const char *services, struct model *ret)
{
	struct why why;
	char *text;

	assert_true(asprintf(&text, "hash_key: 00112233445566778899aabbccddeeff\n%s%s",
			     *services ? "services:\n" : "services: {}\n", services) > 0);
	if (conf_parse("test", text, strlen(text), ret, NULL, &why))
		fail_msg("%s", why.text);
	free(text);
}

static void place(struct world *w, size_t index)
{
	const struct service *s = &w->model.services[index];
	struct placed *p = &w->placed[index];
	struct ring_node nodes[BACKENDS_MAX];
	unsigned bits;

	assert_in_range(s->backend_count, 0, BACKENDS_MAX);
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct backend *b = &s->backends[i];

		nodes[i] = (struct ring_node){ b->name, strlen(b->name),
					       density_points(service_density(s), b->weight) };
		p->ids[i] = ++w->ids;
	}
	assert_int_equal(ring_new(nodes, s->backend_count, &p->ring), 0);
	bits = cells_bits(p->ring.point_count);
	p->base = w->cells_used;
	w->cells_used = p->base + (2u << bits);
	p->cells = (struct cells){ .words = w->cells + p->base, .bits = bits, .spills = &w->spills };
	assert_true(cells_write(&p->cells, &(struct cells_change){ &p->ring, p->ids }) >= 0);
}

static void vips_publish(struct world *w)
{
	struct xring_slot slots[XRING_VIPS_MAX];
	size_t count = 0, addresses;
	uint32_t seed;

	for (size_t i = 0; i < w->model.service_count; i++)
		count += slots_fill(&w->model.services[i],
				    &(struct slot_ring){ .base = w->placed[i].base,
							 .shift = 32 - w->placed[i].cells.bits,
							 .number = i + 1,
							 .ids = w->placed[i].ids,
							 .lives = w->model.services[i].backend_count },
				    slots + count);
	assert_int_equal(slots_addresses(slots, count, slots + count, &addresses), 0);
	count += addresses;
	assert_int_equal(vips_build(w->vips->slot + XRING_VIP_SLOTS, slots, count, &seed), 0);
	assert_int_equal(slots_shapes(slots, count, w->shapes + XRING_SHAPES), 0);
	w->config->vips = seed | XRING_VIPS_HALF | slots_flags(slots, count);
	w->config->sources = vips_sources(slots, count);
	memcpy(w->config->macs, FRAME_MAC, 6);
	w->config->macs[0] = XRING_MAC_WORD(w->config->macs[0]);
	w->config->macs[1] = w->config->macs[0];
}

bool world_second;

struct world *world_new(const char *services)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	libbpf_set_print(quiet);
	w->skel = program_load();
	if (getenv("XRING_ASK"))
		w->asked = asked_open(w->skel->obj, false);
	w->vips = memory(w->skel->maps.xring_vips);
	w->config = &w->vips->config;
	w->shapes = memory(w->skel->maps.xring_shapes);
	w->cells = memory(w->skel->maps.xring_cells);
	w->buckets = memory(w->skel->maps.xring_spills);
	w->backends = memory(w->skel->maps.xring_templates);
	assert_int_equal(spill_pool_new(w->buckets, 1 << 12, &w->spills), 0);
	model_read(services, &w->model);
	assert_in_range(w->model.service_count, 0, SERVICES_MAX);
	hash_expand(w->model.hash_key, (uint64_t *)w->config->hash_key);
	for (size_t i = 0; i < w->model.service_count; i++)
		place(w, i);
	vips_publish(w);
	w->dp = (struct dp){ .backends = w->backends, .epoch = 1,
			     .template_epoch = calloc(XRING_BACKENDS, sizeof(uint64_t)) };
	/* Each write goes to the template that does not count yet, the second at first. */
	for (int i = 0; i < (world_second ? 1 : 2); i++)
		world_way(w, (struct world_way){ 1, HOP_MTU });
	return w;
}

void world_free(struct world *w)
{
	for (size_t i = 0; i < w->model.service_count; i++)
		ring_clear(&w->placed[i].ring);
	spill_pool_clear(&w->spills);
	model_clear(&w->model);
	asked_close(w->asked);
	xring_bpf__destroy(w->skel);
	free(w->dp.template_epoch);
	free(w);
}

void world_way(struct world *w, struct world_way way)
{
	for (size_t i = 0; i < w->model.service_count; i++) {
		const struct service *s = &w->model.services[i];

		for (size_t b = 0; b < s->backend_count; b++) {
			const struct backend *backend = &s->backends[b];
			struct next_hop hop = {
				.ifindex = way.ifindex,
				.mtu = way.mtu,
				.tags = way.tags,
				.source = { .family = backend->address.family },
			};
			struct xring_template t;

			memcpy(hop.mac, HOP_MAC, 6);
			memcpy(hop.own_mac, OWN_MAC, 6);
			memcpy(hop.source.bytes, backend->address.bytes, 16);
			hop.source.bytes[backend->address.family == AF_INET ? 3 : 15] = 1;
			hop.tunnel_source = tunnel_source(&w->model, s);
			hop.dscp_zero = s->dscp;
			hop.mss = s->mss;
			hop.gue_port = service_gue(&w->model, s).port;
			hop.gue_variant = service_gue(&w->model, s).variant;
			template_fill(s->mode, &backend->address, backend->port, &hop, &t);
			dp_template_write(&w->dp, w->placed[i].ids[b], &t);
		}
	}
}

void world_mac_add(struct world *w, const struct xring_mac *key)
{
	uint8_t there = 1;

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(w->skel->maps.xring_macs), key, &there,
					     BPF_ANY), 0);
}

void world_vlan_add(struct world *w, uint32_t tags, uint32_t ingress)
{
	struct xring_vlan key = { .ifindex = 1, .tags = tags };

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(w->skel->maps.xring_vlans), &key, &ingress,
					     BPF_ANY), 0);
}

struct xring_config *world_config(struct world *w)
{
	return w->config;
}

struct model *world_model(struct world *w)
{
	return &w->model;
}

const uint64_t *world_hash_key(struct world *w)
{
	return (const uint64_t *)w->config->hash_key;
}

const struct backend *world_owner(struct world *w, const char *service, uint32_t hash)
{
	struct service *s = model_service(&w->model, service);
	struct placed *p = &w->placed[s - w->model.services];

	return p->ring.point_count ?
	       &s->backends[p->ring.points[ring_owner(&p->ring, hash)].node] : NULL;
}

struct xring_traffic world_traffic(struct world *w, const char *service, const char *backend)
{
	struct service *s = model_service(&w->model, service);
	uint32_t id = w->placed[s - w->model.services].ids[service_backend(s, backend) -
							    s->backends];
	struct xring_traffic values[64] = {}, sum = {};

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(w->skel->maps.xring_traffic), &id,
					     values), 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		sum.packets += values[i].packets;
		sum.bytes += values[i].bytes;
		sum.flows += values[i].flows;
	}
	return sum;
}

uint64_t world_dropped(struct world *w, const char *service, const char *backend, enum xring_counter reason)
{
	const struct service *s = model_service(&w->model, service);
	size_t number = s - w->model.services;
	uint32_t whose = backend ? XRING_DROPS_BACKEND | w->placed[number].ids[service_backend(s, backend) -
										s->backends] :
				   number + 1;
	uint32_t key = XRING_DROPS_KEY(whose, reason);
	uint64_t values[64] = {}, sum = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(w->skel->maps.xring_drops), &key, values))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		sum += values[i];
	return sum;
}

int world_map(struct world *w, const char *name)
{
	return bpf_object__find_map_fd_by_name(w->skel->obj, name);
}

void world_drops_fill(struct world *w)
{
	int fd = bpf_map__fd(w->skel->maps.xring_drops);
	uint64_t values[64] = { 1 };

	for (uint32_t i = 0; i < XRING_DROPS; i++) {
		uint32_t key = XRING_DROPS_KEY(XRING_DROPS_BACKEND | (1000 + i), 0);

		/* The kernel makes room for entries beside, and has none for a moment. */
		while (bpf_map_update_elem(fd, &key, values, BPF_ANY) == -ENOMEM)
			sched_yield();
	}
}

size_t world_fragments(struct world *w)
{
	int fd = bpf_map__fd(w->skel->maps.xring_fragments);
	struct xring_datagram key, next;
	size_t count = 0;

	for (int err = bpf_map_get_next_key(fd, NULL, &next); !err;
	     err = bpf_map_get_next_key(fd, &key, &next)) {
		key = next;
		count++;
	}
	return count;
}

static void counters_read(struct world *w, uint64_t ret[XRING_CNT_MAX])
{
	for (uint32_t i = 0; i < XRING_CNT_MAX; i++) {
		uint64_t values[64] = {};

		assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(w->skel->maps.xring_counters),
						     &i, values), 0);
		ret[i] = 0;
		for (size_t cpu = 0; cpu < ARRAY_SIZE(values); cpu++)
			ret[i] += values[cpu];
	}
}

static uint32_t run(struct world *w, const struct frame *in, struct frame *out, uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = in->bytes,
		    .data_size_in = in->len,
		    .data_out = out->bytes,
		    .data_size_out = sizeof(out->bytes),
		    .repeat = repeat);

	if (w->asked && repeat == 1)
		asked_ask(w->asked, in->bytes, in->len, 0);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(w->skel->progs.xring), &opts), 0);
	out->len = opts.data_size_out;
	if (w->asked && repeat == 1)
		asked_compare(w->asked, opts.retval, out->bytes, out->len);
	return opts.retval;
}

uint32_t world_send(struct world *w, const struct frame *in, struct frame *out)
{
	return run(w, in, out, 1);
}

struct outcome world_run(struct world *w, const struct frame *in)
{
	uint64_t before[XRING_CNT_MAX], after[XRING_CNT_MAX];
	struct outcome o = { .counter = XRING_CNT_MAX };

	counters_read(w, before);
	o.verdict = run(w, in, &o.out, 1);
	counters_read(w, after);
	for (int i = 0; i < XRING_CNT_MAX; i++) {
		if (after[i] == before[i])
			continue;
		assert_int_equal(after[i], before[i] + 1);
		assert_int_equal(o.counter, XRING_CNT_MAX);
		o.counter = i;
	}
	assert_int_not_equal(o.counter, XRING_CNT_MAX);
	return o;
}

uint64_t world_counter(struct world *w, enum xring_counter counter)
{
	uint64_t counters[XRING_CNT_MAX];

	counters_read(w, counters);
	return counters[counter];
}

uint32_t world_repeat(struct world *w, const struct frame *in, uint32_t count)
{
	struct frame out;

	return run(w, in, &out, count);
}
