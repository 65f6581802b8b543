// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where backends are, and which rules allow them for it. What a rule allows no more is
 * forbidden at once. What it allows from now on waits for one settle time, and until no
 * key is given to the backend: a pin of before, or a key that the rule kept off, would
 * else be followed again all of a sudden.
 */
#include "history_parts.h"

static uint64_t rules_of(const struct history *h, unsigned region)
{
	uint64_t rules = 1;		/* of whom nothing is forbidden */

	for (unsigned t = 0; t < h->table_count; t++)
		if (h->tables[t].regions >> region & 1)
			rules |= 1ULL << h->rule.rings[t].rule;
	return rules;
}

static void rules_set(struct history *h, const struct node *n, uint64_t rules)
{
	h->rule.allowed[n->id] = rules;
	h->region_of[n->id] = n->region;
	h->places[n->id] = rules | (uint64_t)n->region << XRING_PLACE_REGION;
}

void place_write(struct history *h, const struct node *n)
{
	rules_set(h, n, rules_of(h, n->region));
}

bool node_relocate(struct history *h, struct node *n)
{
	unsigned region = 1 + draw(h, REGIONS);

	if (!n->id || n->cut || region == n->region)
		return false;
	n->region = region;
	n->gains = h->rule.now + TCP_IDLE;
	rules_set(h, n, h->rule.allowed[n->id] & rules_of(h, n->region));
	keys_forget(h, n->id);
	clients_excuse(h);
	h->relocations++;
	return true;
}

void nodes_gain(struct history *h)
{
	for (int i = 0; i < RULE_NODES; i++) {
		struct node *n = &h->nodes[i];

		if (!n->id || !n->gains || h->rule.now < n->gains || keys_name(h, n->id))
			continue;
		n->gains = 0;
		place_write(h, n);
	}
}

/* It is another time of the day. */
void schedule_change(struct history *h)
{
	struct table *t = &h->tables[draw(h, h->table_count)];

	t->percent[1 + draw(h, REGIONS)] = chance(h, 150) ? 0 : 10 + draw(h, 91);
	h->schedules++;
}
