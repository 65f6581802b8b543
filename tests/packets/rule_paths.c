// SPDX-License-Identifier: GPL-2.0-or-later
/* What selects a flow's answer: its client's class, its key, and a cell. */
#include "rule.h"

#include <xring/abi.h>
#include <xring/hash.h>

uint16_t snapshot_owner(const struct snapshot *s, uint32_t hash)
{
	return s->ring.point_count ? s->ids[s->ring.points[ring_owner(&s->ring, hash)].node] : 0;
}

static bool class_moves(const struct rule_flow *f)
{
	return f->class && f->class->moving;
}

static bool key_moves(const struct rule_flow *f)
{
	return f->key && f->key->moving;
}

static const struct rule_ring *newest_ring(const struct rule_model *r, const struct rule_flow *f)
{
	return &r->rings[f->class ? f->class->newest : 0];
}

static const struct rule_ring *old_ring(const struct rule_model *r, const struct rule_flow *f)
{
	return class_moves(f) ? &r->rings[f->class->old] : newest_ring(r, f);
}

static bool ring_allows(const struct rule_model *r, const struct rule_flow *f,
			const struct rule_ring *ring, uint16_t id)
{
	return !f->class || r->allowed[id] >> ring->rule & 1;
}

bool rule_allows(const struct rule_model *r, const struct rule_flow *f, uint16_t id)
{
	return ring_allows(r, f, newest_ring(r, f), id);
}

bool rule_allowed(const struct rule_model *r, const struct rule_flow *f, uint16_t id)
{
	return ring_allows(r, f, old_ring(r, f), id);
}

/* A key given to a backend that is dead, or that the ring's rule forbids, is the ring's. */
static struct rule_path path(const struct rule_model *r, const struct rule_flow *f,
			     const struct rule_ring *ring, const struct rule_side *side)
{
	struct rule_path p = { .ring = ring, .hash = f->hash };

	if (side && side->shards)
		p.hash = hash_split((const __u64 *)r->hash_key, f->hash,
				    hash_shard(f->tuple, side->shards));
	if (side && r->generation[side->backend] && ring_allows(r, f, ring, side->backend))
		p.given = side->backend;
	p.cell = &ring->cells[p.hash >> (32 - ring->bits)];
	return p;
}

struct rule_path rule_newest_path(const struct rule_model *r, const struct rule_flow *f)
{
	return path(r, f, newest_ring(r, f), f->key ? &f->key->newest : NULL);
}

/* The old side of each that moves. */
struct rule_path rule_old_path(const struct rule_model *r, const struct rule_flow *f)
{
	const struct rule_side *side = f->key ? &f->key->newest : NULL;

	return path(r, f, old_ring(r, f), key_moves(f) ? &f->key->old : side);
}

uint16_t rule_newest(const struct rule_model *r, const struct rule_flow *f)
{
	struct rule_path p = rule_newest_path(r, f);

	return p.given ?: snapshot_owner(p.ring->newest, p.hash);
}

bool rule_moves(const struct rule_model *r, const struct rule_flow *f)
{
	struct rule_path p = rule_newest_path(r, f);

	return class_moves(f) || key_moves(f) || (!p.given && p.cell->moving);
}

uint16_t rule_old(const struct rule_model *r, const struct rule_flow *f)
{
	struct rule_path p = rule_old_path(r, f);

	return p.given ?: snapshot_owner(p.cell->moving ? p.cell->old : p.ring->newest, p.hash);
}
