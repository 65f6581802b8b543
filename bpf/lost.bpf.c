// SPDX-License-Identifier: GPL-2.0
/*
 * Counts what is lost after the verdict: the balancer says XDP_TX or XDP_REDIRECT and counts the
 * packet as sent, but the device may not take it. The kernel tells that only by tracepoints. These
 * programs count the packets of our programs in our network namespace, by device and reason.
 *
 * A program is ours if it uses our map of counters: so one that `ip link` has loaded on our maps
 * is, and the last version's.
 */
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include <xring/lost.h>

#pragma clang diagnostic ignored "-Wunused-parameter"	/* a tracepoint has its parameters */

/* What the daemon sets before it loads the programs. */
const volatile __u32 netns = 0;		/* our network namespace; 0: any */
const volatile __u32 counters = 0;	/* the id of our map of counters */
const volatile __u32 counters_before = 0;	/* of the one that the last version uses still, or 0 */
/* Programs of two daemons may be there in a take-over: those of the turn in the map count. */
const volatile __u32 turn = 0;

/* ---- the kernel's structs, as far as they are read here ---- */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct bpf_map {
	__u32 id;
};

struct bpf_prog_aux {
	__u32 id;
	__u32 used_map_cnt;
	struct bpf_map **used_maps;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_link {
	struct bpf_prog *prog;
};

struct bpf_xdp_link {
	struct bpf_link link;
};

struct bpf_xdp_entity {
	struct bpf_prog *prog;
	struct bpf_xdp_link *link;
};

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	struct bpf_xdp_entity xdp_state[3];
};

#pragma clang attribute pop

#define NATIVE 1			/* XDP_MODE_DRV, an index of xdp_state */

/* ---- maps ---- */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, XRING_LOST);
	__type(key, struct xring_lost_key);
	__type(value, __u64);
} xring_lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xring_lost_turn SEC(".maps");

/* Which programs are ours, by id: found once for each program. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, bool);
} programs SEC(".maps");

/* ---- whose packets ---- */

#define MAPS_MAX 32			/* of one program that are looked at; ours use fewer */

static __always_inline bool uses_our_counters(const struct bpf_prog_aux *aux)
{
	struct bpf_map **maps = aux->used_maps, *map;
	__u32 count = aux->used_map_cnt;

	for (__u32 i = 0; i < MAPS_MAX && i < count; i++) {
		__u32 id;

		if (bpf_probe_read_kernel(&map, sizeof(map), maps + i))
			return false;
		id = BPF_CORE_READ(map, id);
		if (id == counters || (id && id == counters_before))
			return true;
	}
	return false;
}

static __always_inline bool program_is_ours(const struct bpf_prog *prog)
{
	const struct bpf_prog_aux *aux = prog->aux;
	__u32 id = aux->id;
	bool *known = bpf_map_lookup_elem(&programs, &id), ours;

	if (known)
		return *known;
	ours = uses_our_counters(aux);
	bpf_map_update_elem(&programs, &id, &ours, BPF_ANY);
	return ours;
}

static __always_inline bool device_is_ours(const struct net_device *dev)
{
	return !netns || dev->nd_net.net->ns.inum == netns;
}

/* The program that a device runs natively. */
static __always_inline const struct bpf_prog *program_of(const struct net_device *dev)
{
	const struct bpf_xdp_link *link = dev->xdp_state[NATIVE].link;

	return link ? link->link.prog : dev->xdp_state[NATIVE].prog;
}

static __always_inline bool runs_ours(const struct net_device *dev)
{
	const struct bpf_prog *prog = device_is_ours(dev) ? program_of(dev) : NULL;

	return prog && program_is_ours(prog);
}

/* ---- counting ---- */

static __always_inline void count(__u32 ifindex, __u32 reason, __u32 packets)
{
	struct xring_lost_key key = { ifindex, reason }, elsewhere = XRING_LOST_ELSEWHERE;
	__u32 zero = 0, *active = bpf_map_lookup_elem(&xring_lost_turn, &zero);
	__u64 none = 0, *n;

	if (!active || *active != turn)
		return;
	n = bpf_map_lookup_elem(&xring_lost, &key);
	if (!n) {
		bpf_map_update_elem(&xring_lost, &key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&xring_lost, &key) ?:
		    bpf_map_lookup_elem(&xring_lost, &elsewhere);
	}
	if (n)
		*n += packets;
}

/* A packet that was redirected did not get as far as the driver; `to` is the interface. */
SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(redirect_err, const struct net_device *dev, const struct bpf_prog *prog,
	     const void *target, int err, enum bpf_map_type type, __u32 map, __u32 to)
{
	if (device_is_ours(dev) && program_is_ours(prog))
		count(to, -err, 1);
	return 0;
}

/*
 * The kernel has given the driver of `to` packets that were redirected. It tells that of all,
 * so the first test is the one that nearly all of them end with.
 */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(devmap_xmit, const struct net_device *from, const struct net_device *to, int sent,
	     int drops, int err)
{
	if (drops > 0 && runs_ours(from))
		count(to->ifindex, -err, drops);
	return 0;
}

/* The same of packets that go back, where the driver sends them in bulk. */
SEC("tp_btf/xdp_bulk_tx")
int BPF_PROG(bulk_tx, const struct net_device *dev, int sent, int drops, int err)
{
	if (drops > 0 && runs_ours(dev))
		count(dev->ifindex, -err, drops);
	return 0;
}

/*
 * A packet that goes back is not sent; in generic mode, one that was redirected, too. Drivers
 * also say that a redirect failed, of which xdp_redirect_err has told by then.
 */
SEC("tp_btf/xdp_exception")
int BPF_PROG(exception, const struct net_device *dev, const struct bpf_prog *prog, __u32 verdict)
{
	if (verdict == XDP_TX && device_is_ours(dev) && program_is_ours(prog))
		count(dev->ifindex, XRING_LOST_REFUSED, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
