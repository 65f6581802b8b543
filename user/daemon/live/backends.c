// SPDX-License-Identifier: GPL-2.0-or-later
/* The backends of live services: their ids, owner records and templates. */
#include "daemon/live/backends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "core/backend/agent.h"
#include "core/backend/standing.h"
#include "core/vip/template.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"
#include "daemon/live/times.h"
#include "daemon/net/nexthop.h"
#include "dp/dp.h"
#include "dp/drops.h"
#include "dp/read.h"
#include "dp/write.h"

static void ring_uses(const struct live_ring *r, bool *used)
{
	for (uint32_t i = 0; i < r->ring.node_count; i++)
		used[i] |= r->ring.nodes[i].points;
}

/* An index that no point of any ring of the service names. */
static uint32_t index_get(struct live_service *s)
{
	_free_ bool *used = calloc(s->index_count + 1, sizeof(*used));

	for (size_t n = 0; used && n < s->backend_count; n++)
		used[s->backends[n]->index] = true;
	for (size_t k = 0; used && k < s->ring_count; k++)
		ring_uses(s->rings[k], used);
	for (uint32_t i = 0; used && i < s->index_count; i++)
		if (!used[i])
			return i;
	return s->index_count++;
}

/* The position of a name in the sorted list, or the position at which to insert it. */
static size_t backend_place(const struct live_service *s, const char *name)
{
	size_t at = 0;

	while (at < s->backend_count && strcmp(s->backends[at]->name, name) < 0)
		at++;
	return at;
}

static int list_insert(struct live_backend ***list, size_t *count, size_t at,
		       struct live_backend *backend)
{
	struct live_backend **nodes = reallocarray(*list, *count + 1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	*list = nodes;
	memmove(nodes + at + 1, nodes + at, (*count - at) * sizeof(*nodes));
	nodes[at] = backend;
	(*count)++;
	return 0;
}

static void list_remove(struct live_backend **list, size_t *count, size_t at)
{
	(*count)--;
	memmove(list + at, list + at + 1, (*count - at) * sizeof(*list));
}

static struct live_backend *backend_new(struct live *live, struct live_service *s, const char *name,
				  uint16_t id)
{
	struct live_backend *backend = calloc(1, sizeof(*backend));

	if (!backend)
		return NULL;
	snprintf(backend->name, sizeof(backend->name), "%s", name);
	backend->service = s;
	backend->id = id;
	backend->owner = &live->dp->owners[id];
	live->by_id[id] = backend;
	return backend;
}

static const struct xring_template *template_now(const struct live *live, uint16_t id)
{
	return xring_template(&live->dp->backends[id]);
}

int backend_adopt(struct live *live, struct live_service *s, uint16_t id, bool leaving)
{
	const struct xring_owner *owner = &live->dp->owners[id];
	struct live_backend *backend = backend_new(live, s, owner->backend, id);

	if (!backend)
		return -ENOMEM;
	backend->address.family = owner->family;
	memcpy(backend->address.bytes, owner->addr, sizeof(backend->address.bytes));
	backend->port = owner->port;
	backend->health = (struct health){ .state = owner->health,
					   .since_ns = owner->health_since };
	/* Where templates had another layout, nothing can be read of them. */
	backend->dead = live->dp->rings_strange ? owner->health == HEALTH_DOWN :
						  !template_now(live, id)->generation;
	backend->over_walk = 1;		/* the last daemon may have reported a load over the bound */
	backend->nexthop = nexthop_get(live->nexthops, &backend->address);
	if (!backend->nexthop)
		return -ENOMEM;
	backend->place_unknown = leaving;
	if (leaving)
		return list_insert(&s->leaving, &s->leaving_count, s->leaving_count, backend);
	backend->index = index_get(s);
	return list_insert(&s->backends, &s->backend_count, backend_place(s, backend->name),
			   backend);
}

static void tell_added(const struct live *live, struct live_backend *backend)
{
	for (struct backend_listener *l = live->backend_listeners; l; l = l->next)
		l->added(l->context, backend);
}

static void tell_gone(const struct live *live, struct live_backend *backend)
{
	for (struct backend_listener *l = live->backend_listeners; l; l = l->next)
		l->gone(l->context, backend);
}

void backend_free(struct live *live, struct live_backend *backend)
{
	tell_gone(live, backend);
	if (backend->nexthop)
		nexthop_put(live->nexthops, backend->nexthop);
	ways_back_forget(live, backend);
	live->by_id[backend->id] = NULL;
	free(backend);
}

/*
 * The owner's record is for the next daemon. Its first byte says that the id is taken, and is
 * written last.
 */
static void owner_write(struct xring_owner *owner, const struct live_service *s,
			const struct backend *b, uint64_t joined)
{
	struct xring_owner fresh = {
		.generation = owner->generation + 1,
		.family = b->address.family,
		.port = b->port,
		.joined = joined,
	};

	snprintf(fresh.service, sizeof(fresh.service), "%s", s->name);
	snprintf(fresh.backend, sizeof(fresh.backend), "%s", b->name);
	memcpy(fresh.addr, b->address.bytes, sizeof(fresh.addr));
	step();
	memcpy(owner->service + 1, fresh.service + 1, sizeof(fresh) - 1);
	step();
	__atomic_store_n(&owner->service[0], fresh.service[0], __ATOMIC_RELEASE);
}

/* Takes ids in turn, so that a freed id is used again as late as possible. 0: none is free. */
static uint16_t id_get(struct live *live, const struct live_service *s, const struct backend *b,
		       uint64_t now)
{
	uint32_t count = live->dp->backend_count - 1;

	for (uint32_t tried = 0; tried < count; tried++) {
		uint16_t id = 1 + (live->id_cursor + tried) % count;

		if (live->dp->owners[id].service[0])
			continue;
		live->id_cursor = id % count;
		dp_traffic_clear(live->dp, id);
		owner_write(&live->dp->owners[id], s, b, s->main->has_extent ? now : 0);
		return id;
	}
	return 0;
}

void backend_id_free(struct live *live, uint16_t id)
{
	static const struct xring_template none;

	dp_template_write(live->dp, id, &none);
	live->dp->loads[id] = live->dp->places[id] = 0;
	dp_drops_move(live->dp, XRING_DROPS_BACKEND | id, XRING_DROPS_NOBODY);
	step();
	__atomic_store_n(&live->dp->owners[id].service[0], 0, __ATOMIC_RELEASE);
}

const char *backend_why(const struct live_service *s, const struct live_backend *backend)
{
	/* In mode l2 a gateway would not send the VIP's packets to the backend. */
	if (mode_needs_link(s->mode) && backend->nexthop->gateway.family)
		return "behind a gateway, where mode l2 does not reach";
	return backend->nexthop->why;
}

/* Below a bridge, a daemon that has just started does not know yet which device sends. */
static bool may_send(const struct nexthop *nh, uint32_t ifindex)
{
	return ifindex && (nh->sender ? ifindex == nh->sender : nh->stacked);
}

/*
 * While a neighbour is asked, or the kernel could not be asked yet, the template keeps the next hop that it has: silence is not an
 * answer yet, and the last daemon knew a next hop.
 */
static bool keep_way(const struct nexthop *nh, const struct xring_template *now,
		     const struct live_service *s, const struct live_backend *backend)
{
	struct next_hop same = { .ifindex = now->ifindex, .mtu = now->mtu };
	struct xring_template wanted;

	if (nh->unknown ? !now->ifindex : !nh->pending || !may_send(nh, now->ifindex))
		return false;
	if (backend_why(s, backend) != nh->why)
		return false;
	template_fill(s->mode, &backend->address, backend->port, &same, &wanted);
	return template_same_target(now, &wanted);
}

/* 1 to 65535; a dead backend has 0. */
static uint16_t backend_generation(const struct live_backend *backend)
{
	return backend->dead ? 0 : 1 + backend->owner->generation % UINT16_MAX;
}

/* Writes the template if it must differ from the one in the maps. */
static void backend_template(struct live *live, const struct live_service *s,
			  const struct live_backend *backend)
{
	static const struct next_hop none;
	struct xring_template now = *template_now(live, backend->id), wanted;
	struct next_hop hop = backend_why(s, backend) ? none : backend->nexthop->hop;

	hop.tunnel_source = s->tunnel_source;
	hop.mss = s->model->mss;
	hop.gue_port = s->gue.port;
	hop.gue_variant = s->gue.variant;
	hop.dscp_zero = s->model->dscp;
	if (keep_way(backend->nexthop, &now, s, backend))
		wanted = now;
	else
		template_fill(s->mode, &backend->address, backend->port, &hop, &wanted);
	wanted.generation = backend_generation(backend);
	if (memcmp(&now, &wanted, sizeof(wanted)))
		dp_template_write(live->dp, backend->id, &wanted);
}

static void hop_changed(struct live *live, struct live_service *s, struct live_backend *backend)
{
	const char *why = backend_why(s, backend);

	backend_template(live, s, backend);
	if (why)
		log_of(LOG_LEVEL_WARNING, "next-hop", s->name, "backend %s of %s: %s", backend->name, s->name,
		       why);
	else
		log_of(LOG_LEVEL_INFO, "next-hop", s->name, "backend %s of %s: next hop resolved",
		       backend->name, s->name);
}

void backend_hops_changed(void *context)
{
	struct live *live = context;

	for (uint32_t id = 1; id < live->dp->backend_count; id++)
		if (live->by_id[id] && live->by_id[id]->nexthop && live->by_id[id]->nexthop->changed)
			hop_changed(live, live->by_id[id]->service, live->by_id[id]);
}

/* ---- which backends there are, by the model ---- */

bool backend_is(const struct live_backend *backend, const struct backend *b)
{
	return !strcmp(backend->name, b->name) && backend->port == b->port &&
	       address_equal(&backend->address, &b->address);
}

/* A backend that began to leave and comes back before its flows are gone; NULL: there is none. */
static struct live_backend *backend_revive(struct live_service *s, const struct backend *b)
{
	for (size_t i = 0; i < s->leaving_count; i++) {
		struct live_backend *backend = s->leaving[i];

		if (!backend_is(backend, b))
			continue;
		list_remove(s->leaving, &s->leaving_count, i);
		return backend;
	}
	return NULL;
}

static int backend_make(struct live *live, struct live_service *s, size_t at,
		     const struct backend *b, uint64_t now)
{
	struct live_backend *backend = backend_revive(s, b);

	if (!backend) {
		uint16_t id = id_get(live, s, b, now);

		if (!id)
			return log_err(-ENOSPC, "backend %s of %s: no id is free", b->name, s->name);
		backend = backend_new(live, s, b->name, id);
		if (!backend)
			return -ENOMEM;
		backend->address = b->address;
		backend->port = b->port;
		backend->nexthop = nexthop_get(live->nexthops, &b->address);
		if (!backend->nexthop)
			return -ENOMEM;
	}
	backend->index = index_get(s);
	return list_insert(&s->backends, &s->backend_count, at, backend);
}

/*
 * The backend's flows may stay for the service's drain time; with --cut, or if the backend is
 * dead, they may not stay.
 */
static void drain_begin(const struct live_service *s, struct live_backend *backend,
			const struct live_times *times)
{
	__u64 *until = &backend->owner->drain_until;

	if ((times->cut || backend->dead) && (!*until || *until > times->now))
		*until = times->now;
	else if (!*until)
		*until = times->now + s->drain_ms * NS_PER_MS;
}

static int backend_leave(struct live *live, struct live_service *s, size_t at,
		      const struct live_times *times)
{
	struct live_backend *backend = s->backends[at];
	int err = list_insert(&s->leaving, &s->leaving_count, s->leaving_count, backend);

	if (err)
		return err;
	tell_gone(live, backend);	/* This ends the backend's health check. */
	list_remove(s->backends, &s->backend_count, at);
	backend->left_walk = live->walk_begun;
	live->dp->loads[backend->id] = 0;
	drain_begin(s, backend, times);
	return 0;
}

struct agent_word backend_agent(const struct live_backend *backend)
{
	const struct xring_owner *owner = backend->owner;

	/* Another version of the daemon may have left anything. */
	return (struct agent_word){
		.less = owner->agent_less <= 100 ? owner->agent_less : 0,
		.state = owner->agent_state < AGENT_STATES ? owner->agent_state : AGENT_READY,
		.down = owner->agent_down,
	};
}

void backend_agent_set(const struct live_backend *backend, const struct agent_word *word)
{
	backend->owner->agent_less = word->less;
	backend->owner->agent_state = word->state;
	backend->owner->agent_down = word->down;
}

enum backend_state backend_state_wanted(const struct live_backend *backend, const struct backend *b)
{
	struct agent_word word = backend_agent(backend);
	struct standing st = { .state = b->state };

	agent_weigh(&word, &st);
	return st.state;
}

static void backend_set(struct live *live, struct live_service *s, struct live_backend *backend,
		     const struct backend *b, bool has_agent, const struct live_times *times)
{
	struct xring_owner *owner = backend->owner;
	enum backend_state state;

	if (!has_agent)
		backend_agent_set(backend, &(struct agent_word){});
	state = backend_state_wanted(backend, b);
	backend->weight = b->weight;
	backend->place_unknown = false;
	memcpy(backend->region, b->region, sizeof(backend->region));
	memcpy(backend->tags, b->tags, sizeof(backend->tags));
	if (state != BACKEND_ACTIVE) {
		if (backend->state == BACKEND_ACTIVE || (backend->cut_asked && times->cut))
			drain_begin(s, backend, times);
	} else if (owner->drain_until) {
		owner->ramp_from = times->now;		/* the drain has been ended */
		owner->drain_until = 0;
	}
	backend->state = state;
	backend->cut_asked = false;
	tell_added(live, backend);
}

static void service_set(struct live_service *s, const struct service *model)
{
	s->mode = model->mode;
	s->density = service_density(model);
	s->drain_ms = model->drain_ms;
	s->tcp_idle_ms = model->tcp_idle_ms;
	s->udp_idle_ms = model->udp_idle_ms;
}

static bool is_there(const struct live_service *s, const struct backend *b)
{
	const struct live_backend *backend = live_backend(s, b->name);
	bool there = backend && backend_is(backend, b);

	for (size_t i = 0; i < s->leaving_count && !there; i++)
		there = backend_is(s->leaving[i], b);
	return there;
}

size_t backends_new(const struct live_service *s, const struct service *model)
{
	size_t count = 0;

	for (size_t b = 0; b < model->backend_count; b++)
		count += !s || !is_there(s, &model->backends[b]);
	return count;
}

/* Some of the ids that it needs are of no use to it, and may be to another service. */
static int ids_suffice(const struct live *live, const struct live_service *s,
		       const struct service *model)
{
	size_t wanted = backends_new(s, model), free = 0;

	for (uint32_t id = 1; id < live->dp->backend_count && free < wanted; id++)
		free += !live->dp->owners[id].service[0];
	if (free < wanted)
		return log_err(-ENOSPC, "service %s: %zu new backends, %zu ids are free", s->name,
			       wanted, free);
	return 0;
}

int backends_sync(struct live *live, struct live_service *s, const struct service *model,
	       const struct live_times *times)
{
	size_t at = 0;
	int err = ids_suffice(live, s, model);

	if (err)
		return err;
	service_set(s, model);
	for (size_t b = 0; b < model->backend_count && !err; b++) {
		const struct backend *backend = &model->backends[b];

		while (!err && at < s->backend_count &&
		       strcmp(s->backends[at]->name, backend->name) < 0)
			err = backend_leave(live, s, at, times);
		if (!err && at < s->backend_count &&
		    !strcmp(s->backends[at]->name, backend->name) &&
		    !backend_is(s->backends[at], backend))
			err = backend_leave(live, s, at, times);	/* another server now */
		if (!err &&
		    (at == s->backend_count || strcmp(s->backends[at]->name, backend->name)))
			err = backend_make(live, s, at, backend, times->now);
		if (!err)
			backend_set(live, s, s->backends[at++], backend, model->agent.kind, times);
	}
	while (!err && at < s->backend_count)
		err = backend_leave(live, s, at, times);
	return err;
}

/*
 * The generation changes with each return from death, so that pins of the backend's earlier
 * life stay void.
 */
static void backend_show(struct live *live, struct live_service *s, struct live_backend *backend)
{
	if (backend->dead && !backend->dead_wanted)
		backend->owner->generation++;
	backend->dead = backend->dead_wanted;
	backend->weight_shown = backend->weight_now;
	backend->waited = false;
	backend_template(live, s, backend);
}

void backends_show(struct live *live, struct live_service *s)
{
	for (size_t i = 0; i < s->backend_count; i++)
		backend_show(live, s, s->backends[i]);
	for (size_t i = 0; i < s->leaving_count; i++)
		backend_show(live, s, s->leaving[i]);
}

void backend_forget(struct live *live, struct live_service *s, size_t leaving)
{
	struct live_backend *backend = s->leaving[leaving];
	struct xring_traffic traffic;

	if (!dp_traffic_read(live->dp, backend->id, &traffic)) {
		s->retired.packets += traffic.packets;
		s->retired.bytes += traffic.bytes;
		s->retired.flows += traffic.flows;
	}
	dp_drops_move(live->dp, XRING_DROPS_BACKEND | backend->id, s->number);
	list_remove(s->leaving, &s->leaving_count, leaving);
	backend_id_free(live, backend->id);
	backend_free(live, backend);
}
