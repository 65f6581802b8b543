// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "life.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/util.h"
#include "base/why.h"
#include "conf/conf.h"
#include "core/model/key_value.h"
#include "core/ring/cells.h"
#include "core/ring/plan.h"
#include "core/vip/slots.h"
#include "core/vip/template.h"
#include "core/vip/vips.h"
#include "daemon/apply/apply.h"
#include "daemon/apply/pin_walk.h"
#include "daemon/live/backends.h"
#include "daemon/live/classes.h"
#include "daemon/live/ingress.h"
#include "daemon/live/rings.h"
#include "daemon/live/times.h"
#include "daemon/live/vips.h"
#include "dp/write.h"
#include "map_answers.h"

struct model model_of(const char *yaml)
{
	struct why err;
	struct model m;

	if (conf_parse("test.yaml", yaml, strlen(yaml), &m, NULL, &err))
		fail_msg("%s", err.text);
	return m;
}

/* ---- a life ---- */

static uint64_t hook_now(void *context)
{
	return *((struct life *)context)->memory->now;
}

void life_vips(struct life *life)
{
	if (life->live->slots_stale)
		live_vips_write(life->live, life->model);
}

static void hook_walk_done(void *context)
{
	struct life *life = context;

	live_sweep(life->live, life->model);
	life_vips(life);
}

struct life *life_begin(struct memory *memory, const struct model *m)
{
	struct life *life = calloc(1, sizeof(*life));
	struct walk_hooks hooks = { .context = life, .now = hook_now, .done = hook_walk_done };

	*memory->now += NS_PER_S;
	life->memory = memory;
	life->model = m;
	life->dp = memory_dp(memory);
	hash_expand(m->hash_key, (uint64_t *)life->dp->config->hash_key);
	life->dp->layout->abi = XRING_ABI;
	assert_int_equal(loop_new(&life->loop), 0);
	assert_int_equal(live_open(life->dp, life->loop, &life->live), 0);
	assert_int_equal(walk_open(life->loop, life->live, &hooks, &life->walk), 0);
	assert_int_equal(live_adopt(life->live, m, *memory->now), 0);
	return life;
}

void life_end(struct life *life)
{
	walk_close(life->walk);
	live_close(life->live);
	loop_free(life->loop);
	memory_dp_close(life->dp);
	free(life);
}

static int apply(struct life *life)
{
	struct live_times times = { .now = *life->memory->now };
	struct live_report report = {};
	int err = live_apply(life->live, life->model, &times, &report);

	life->cells += report.cells;
	return err;
}

/* What time has brought about; 0, or why not. */
static int tick(struct life *life)
{
	bool due = true;
	int err = 0;

	for (int i = 0; due && !err; i++) {
		assert_true(i < 10);
		due = false;
		life->next = live_tick(life->live, *life->memory->now, &due);
		life_vips(life);
		err = due ? apply(life) : 0;
	}
	return err;
}

int life_apply(struct life *life, const struct model *m)
{
	int err;

	life->model = m;
	life->cells = 0;
	err = apply(life);
	return tick(life) ?: err;
}

/* All that is due now. False: nothing is under way, nor will be. */
static bool turn(struct life *life)
{
	assert_int_equal(tick(life), 0);
	walk_whole(life->walk);
	return life->next || live_busy(life->live) || life->live->keys_due ||
	       life->live->slots_stale;
}

void life_settle(struct life *life)
{
	for (int i = 0; i < 400; i++) {
		bool more = turn(life);
		uint64_t *now = life->memory->now;

		/* Rings in use are not made smaller: the next change does it. */
		if (!more && !life_apply(life, life->model) && !life->cells && !turn(life))
			return;
		*now = life->next > *now ? life->next : *now + NS_PER_S;
	}
	fail_msg("something is under way for ever");
}

/* taken[0]: how many they are. */
uint32_t *buckets_take(struct spill_pool *pool, uint32_t but)
{
	uint32_t *taken = calloc(pool->count + 1, sizeof(*taken));

	while (pool->free_count > but)
		taken[++taken[0]] = pool->free[--pool->free_count];
	return taken;
}

void buckets_give(struct spill_pool *pool, uint32_t *taken)
{
	while (taken[0])
		pool->free[pool->free_count++] = taken[taken[0]--];
	free(taken);
}

/* ---- what can be seen ---- */

static const char *const clients[] = {
	"192.0.2.1", "192.0.2.7", "192.0.2.200", "198.51.100.3", "198.51.100.129", "203.0.113.5",
	"203.0.113.77", "100.64.0.9", "2001:db8::1", "2001:db8:1::5", "2001:db8:77::9", "fd00::3",
};

#define PORTS 6		/* of each client */

/* Each VIP of the models once: what the first of them that has it says of it. */
static const struct vip *vip_at(const struct model *const models[], size_t count, size_t at,
				const struct service **ret)
{
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < models[k]->service_count; i++) {
			const struct service *s = &models[k]->services[i];

			for (size_t v = 0; v < s->vip_count; v++) {
				bool known = false;

				for (size_t j = 0; j < k; j++) {
					const struct service *other = model_service(models[j], s->name);

					for (size_t o = 0; other && o < other->vip_count; o++)
						known |= vip_equal(&other->vips[o], &s->vips[v]);
				}
				if (known || at--)
					continue;
				*ret = s;
				return &s->vips[v];
			}
		}
	return NULL;
}

/* Would the replies of that backend, which is not dead, get another VIP? */
static bool replies_go_elsewhere(const struct dp *dp, const struct vip *vip, uint32_t id)
{
	const struct xring_owner *owner = &dp->owners[id];
	struct address address = { .family = owner->family };
	const struct xring_slot *found;
	struct xring_slot slots[PORT_BLOCKS_MAX];

	if (!id || !xring_template(&dp->backends[id])->generation)
		return false;
	memcpy(address.bytes, owner->addr, sizeof(address.bytes));
	for (size_t i = slots_reply(vip, &address, owner->port, id, slots); i-- > 0;) {
		found = vips_find(dp_vips_live(dp), dp->config->vips, slots[i].addr, slots[i].port);
		if (found && (found->vip_port != slots[i].vip_port ||
			      memcmp(found->vip_addr, slots[i].vip_addr,
				     sizeof(slots[i].vip_addr)) != 0))
			return true;
	}
	return false;
}

static void answers_of(const struct dp *dp, const struct vip *vip, const char *client, bool old,
		       FILE *to)
{
	const struct xring_slot *slot = map_slot(dp, vip);
	struct address from;

	assert_int_equal(address_parse(client, &from), 0);
	if (from.family != vip->address.family)
		return;
	for (uint32_t ingress = 0; ingress < 2; ingress++) {
		char text[VIP_TEXT];

		fprintf(to, "%s from %s at %u:", vip_print(vip, text), client, ingress);
		for (unsigned port = 0; port < PORTS; port++) {
			struct xring_flow flow = map_flow(&from, 1000 + 77 * port, vip);
			struct map_answer answer = {};
			uint32_t id;

			if (slot)
				answer = map_answer(dp, slot, &flow, ingress);
			id = old ? answer.old : answer.newest;
			fprintf(to, " %s%s", !slot ? "unknown" :
				!id && answer.forbidden ? "forbidden" : map_backend(dp, id),
				slot && replies_go_elsewhere(dp, vip, id) ? "~elsewhere" : "");
		}
		fprintf(to, "\n");
	}
}

char *answers_text(const struct dp *dp, const struct model *const models[], size_t count, bool old)
{
	const struct service *s;
	const struct vip *vip;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	for (size_t v = 0; (vip = vip_at(models, count, v, &s)); v++)
		for (size_t c = 0; c < ARRAY_SIZE(clients); c++)
			answers_of(dp, vip, clients[c], old, to);
	fclose(to);
	return text;
}

/* ---- tables ---- */

static void hex(FILE *to, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(to, "%02x", ((const uint8_t *)bytes)[i]);
}

/* But for number and place of the ring, which another life may give anew. */
static void slot_text(const struct dp *dp, const struct vip *vip, FILE *to)
{
	const struct xring_slot *slot = map_slot(dp, vip);
	char text[VIP_TEXT];

	fprintf(to, "vip %s", vip_print(vip, text));
	if (slot) {
		fprintf(to, " masks ");
		hex(to, slot->src_mask, sizeof(slot->src_mask));
		fprintf(to, " %llx flags %u udp %u tcp %u", slot->ports_mask << 24 >> 24,
			slot->flags, slot->udp_idle, slot->tcp_idle);
	}
	fprintf(to, "%s\n", slot ? "" : " unknown");
}

static void reply_text(const struct dp *dp, const struct vip *vip, const struct backend *b,
		       FILE *to)
{
	struct xring_slot keys[PORT_BLOCKS_MAX];
	size_t count = slots_reply(vip, &b->address, b->port, 0, keys);

	for (size_t i = 0; i < count; i++) {
		const struct xring_slot *slot = vips_find(dp_vips_live(dp), dp->config->vips,
							  keys[i].addr, keys[i].port);

		fprintf(to, "reply of %s ", b->name);
		if (slot)
			hex(to, &slot->vip_port,
			    sizeof(*slot) - offsetof(struct xring_slot, vip_port));
		fprintf(to, "\n");
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void backends_text(const struct dp *dp, FILE *to)
{
	_free_ char **lines = calloc(dp->backend_count, sizeof(*lines));
	size_t count = 0, size;

	for (uint32_t id = 1; id < dp->backend_count; id++) {
		const struct xring_backend *backend = &dp->backends[id];
		const struct xring_template *t = xring_template(backend);
		FILE *line;

		if (!dp->owners[id].service[0])
			continue;
		line = open_memstream(&lines[count++], &size);
		fprintf(line, "%s kind %u at %u mtu %u ", map_backend(dp, id), t->kind, t->ifindex,
			t->mtu);
		hex(line, t->eth, sizeof(t->eth));
		hex(line, t->ip, sizeof(t->ip));
		fprintf(line, " region %llu health %u%s\n", (unsigned long long)dp->places[id] >>
			XRING_PLACE_REGION, dp->owners[id].health,
			dp->owners[id].drain_until ? " draining" : "");
		fclose(line);
	}
	qsort(lines, count, sizeof(*lines), by_text);
	for (size_t i = 0; i < count; i++) {
		fputs(lines[i], to);
		free(lines[i]);
	}
}

char *tables_text(const struct dp *dp, const struct model *const models[], size_t count)
{
	const struct service *s;
	const struct vip *vip;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	for (size_t v = 0; (vip = vip_at(models, count, v, &s)); v++) {
		slot_text(dp, vip, to);
		for (size_t b = 0; s->mode == MODE_NAT && b < s->backend_count; b++)
			reply_text(dp, vip, &s->backends[b], to);
	}
	backends_text(dp, to);
	fclose(to);
	return text;
}

char *room_text(const struct life *life)
{
	const struct live *live = life->live;
	const struct dp *dp = life->dp;
	unsigned ids = 0, classes = 0, rings = 0, counters = 0, keys = 0;
	char *text;

	for (uint32_t id = 1; id < dp->backend_count; id++)
		ids += dp->owners[id].service[0] != 0;
	for (uint32_t i = 0; i < XRING_CLASSES; i++)
		classes += dp->classes[i].number != 0;
	for (uint32_t i = 0; i < XRING_ROUTES; i++)
		if (dp->routes[i].service[0])
			(*(dp->routes[i].counters ? &counters : &rings))++;
	for (uint32_t i = 0; i < XRING_HOT_BUCKETS; i++)
		for (int way = 0; way < (int)XRING_HOT_WAYS; way++)
			keys += dp->hot[i].key[way].answer != 0;
	if (asprintf(&text, "%u ids, %u cells in %zu extents, %u buckets, %u classes, %u records of "
		     "rings, %u of counters, %u lines, %u keys", ids, arena_used(&live->arena),
		     live->arena.count, live->spills.count - live->spills.free_count, classes, rings,
		     counters, live->prefixes->blocks.used, keys) < 0)
		abort();
	return text;
}

/* ---- rings ---- */

static void hash_ask(const struct dp *dp, const struct live_ring *r, const struct ring *ring,
		     uint32_t hash)
{
	uint32_t id = cells_lookup(&r->cells, hash);
	const char *name = ring->point_count ?
		ring->nodes[ring->points[ring_owner(ring, hash)].node].name : "";

	if (strcmp(id ? dp->owners[id].backend : "", name))
		fail_msg("service %s, ring at %u, hash %08x: %s, want %s", r->service->name, r->base,
			 hash, map_backend(dp, id), name);
}

static size_t ring_ask(const struct life *life, const struct live_ring *r)
{
	const struct service *model = model_service(life->model, r->service->name);
	_free_ struct plan_node *plan = calloc(model->backend_count + 1, sizeof(*plan));
	_free_ struct ring_node *nodes = calloc(model->backend_count + 1, sizeof(*nodes));
	unsigned shift = 32 - r->cells.bits;
	struct ring ring;

	assert_int_equal(live_weigh(life->live, model, &r->route, *life->memory->now, plan), 0);
	for (size_t i = 0; i < model->backend_count; i++)
		nodes[i] = (struct ring_node){ plan[i].name, strlen(plan[i].name), plan[i].points };
	assert_int_equal(ring_new(nodes, model->backend_count, &ring), 0);
	for (uint32_t c = 0; c < cells_count(&r->cells); c++) {
		hash_ask(life->dp, r, &ring, c << shift);
		hash_ask(life->dp, r, &ring, (c << shift) + (1u << shift) - 1);
	}
	for (size_t i = 0; i < ring.point_count; i++) {
		hash_ask(life->dp, r, &ring, ring.points[i].position);
		hash_ask(life->dp, r, &ring, ring.points[i].position - 1);
	}
	ring_clear(&ring);
	return 2 * cells_count(&r->cells) + 2 * ring.point_count;
}

size_t rings_asked(const struct life *life)
{
	size_t asked = 0;

	for (size_t i = 0; i < life->live->service_count; i++) {
		const struct live_service *s = life->live->services[i];

		for (size_t k = 0; k < s->ring_count; k++)
			if (!s->rings[k]->frozen && s->rings[k]->has_extent)
				asked += ring_ask(life, s->rings[k]);
	}
	return asked;
}
