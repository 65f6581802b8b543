// SPDX-License-Identifier: GPL-2.0-or-later
/* A hash table of probes, each with the list of those who share it. */
#include "daemon/probe/sharers.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/model/check.h"
#include "core/model/check_text.h"
#include "core/value/address.h"

struct shared {
	struct shared *next;		/* in its chain of the table */
	struct sharers *all;
	struct probe *probe;
	struct check how;
	struct address to;
	uint16_t port;
	struct probe_way way;		/* all zero: none */
	uint32_t hash;
	struct sharer *first;
	struct sharer *tell_next;	/* while `telling`: who hears of the result next */
	bool telling;
	bool judged;			/* a result has been there */
};

struct sharer {
	struct sharer *next, *before;
	struct shared *shared;
	void *owner;
	bool told;			/* has heard of a result */
};

struct sharers {
	struct checker *checker;
	sharer_told told;
	void *context;
	struct shared **chains;
	size_t chain_count;		/* a power of two */
	size_t count;			/* probes in the chains */
};

/* ---- the table ---- */

/* FNV-1a. */
static uint32_t mix(uint32_t hash, const void *bytes, size_t len)
{
	for (const uint8_t *b = bytes; len--; b++)
		hash = (hash ^ *b) * 16777619u;
	return hash;
}

static uint32_t hash_of(const struct check *how, const struct address *to, uint16_t port)
{
	uint32_t hash = mix(2166136261u, to->bytes, sizeof(to->bytes));

	hash = mix(hash, &port, sizeof(port));
	hash = mix(hash, &how->kind, sizeof(how->kind));
	return mix(hash, how->path, strlen(how->path));
}

static struct shared **chain_of(const struct sharers *s, uint32_t hash)
{
	return &s->chains[hash & (s->chain_count - 1)];
}

static struct shared *find(const struct sharers *s, const struct shared *key)
{
	struct shared *shared = *chain_of(s, key->hash);

	while (shared && (shared->hash != key->hash || shared->port != key->port ||
			  shared->way.mark != key->way.mark ||
			  shared->way.service != key->way.service ||
			  shared->way.name != key->way.name ||
			  !address_equal(&shared->to, &key->to) ||
			  !check_alike(&shared->how, &key->how)))
		shared = shared->next;
	return shared;
}

static void chain(struct sharers *s, struct shared *shared)
{
	struct shared **at = chain_of(s, shared->hash);

	shared->next = *at;
	*at = shared;
}

/* Keeps the chains short; without memory they grow longer. */
static void widen(struct sharers *s)
{
	struct shared **old = s->chains, **wider;
	size_t old_count = s->chain_count;

	if (s->count < old_count || !(wider = calloc(2 * old_count, sizeof(struct shared *))))
		return;
	s->chains = wider;
	s->chain_count = 2 * old_count;
	for (size_t i = 0; i < old_count; i++) {
		for (struct shared *shared = old[i], *next; shared; shared = next) {
			next = shared->next;
			chain(s, shared);
		}
	}
	free(old);
}

static void shared_free(struct shared *shared)
{
	struct shared **at = chain_of(shared->all, shared->hash);

	while (*at != shared)
		at = &(*at)->next;
	*at = shared->next;
	shared->all->count--;
	if (shared->probe)
		probe_free(shared->probe);
	free(shared);
}

/* ---- results ---- */

static void tell(void *context, struct probe *probe, const struct probe_result *result)
{
	struct sharers *s = context;
	struct shared *shared = probe_owner(probe);

	shared->telling = true;
	shared->judged = true;
	for (struct sharer *one = shared->first; one; one = shared->tell_next) {
		shared->tell_next = one->next;
		if (result->extra && one->told)
			continue;
		one->told = true;
		s->told(s->context, one->owner, result);
	}
	shared->telling = false;
	if (!shared->first)
		shared_free(shared);
}

/* ---- sharers ---- */

static int shared_new(struct sharers *s, const struct shared *key, struct shared **ret)
{
	struct shared *shared = malloc(sizeof(*shared));
	int err;

	if (!shared)
		return -ENOMEM;
	*shared = *key;
	err = probe_new(s->checker, &key->how, &key->to, key->port, &key->way, shared,
			&shared->probe);
	if (err) {
		free(shared);
		return err;
	}
	widen(s);
	chain(s, shared);
	s->count++;
	*ret = shared;
	return 0;
}

int sharer_new(struct sharers *s, const struct check *how, const struct address *to,
	       uint16_t port, const struct probe_way *way, void *owner, struct sharer **ret)
{
	struct shared key = { .all = s, .how = *how, .to = *to, .port = check_port(how, port) };
	struct sharer *sharer = malloc(sizeof(*sharer));
	struct shared *shared;
	int err;

	if (!sharer)
		return -ENOMEM;
	if (way)
		key.way = *way;
	key.hash = hash_of(how, to, key.port) ^ key.way.mark;
	shared = find(s, &key);
	err = shared ? 0 : shared_new(s, &key, &shared);
	if (err) {
		free(sharer);
		return err;
	}
	if (shared->judged)
		probe_extra(shared->probe);
	*sharer = (struct sharer){ .next = shared->first, .shared = shared, .owner = owner };
	if (shared->first)
		shared->first->before = sharer;
	shared->first = sharer;
	*ret = sharer;
	return 0;
}

void sharer_free(struct sharer *sharer)
{
	struct shared *shared = sharer->shared;

	if (sharer->next)
		sharer->next->before = sharer->before;
	if (sharer->before)
		sharer->before->next = sharer->next;
	else
		shared->first = sharer->next;
	if (shared->telling && shared->tell_next == sharer)
		shared->tell_next = sharer->next;
	if (!shared->first && !shared->telling)
		shared_free(shared);
	free(sharer);
}

/* ---- all of them ---- */

int sharers_open(struct loop *loop, const struct probe_kinds *kinds, sharer_told told,
		 void *context, struct sharers **ret)
{
	_free_ struct sharers *s = malloc(sizeof(*s));
	_free_ struct shared **chains = calloc(64, sizeof(struct shared *));
	int err;

	if (!s || !chains)
		return -ENOMEM;
	*s = (struct sharers){ .told = told, .context = context, .chain_count = 64 };
	err = checker_open(loop, kinds, tell, s, &s->checker);
	if (err)
		return err;
	s->chains = take_ptr(chains);
	*ret = take_ptr(s);
	return 0;
}

void sharers_close(struct sharers *s)
{
	for (size_t i = 0; i < s->chain_count; i++)
		while (s->chains[i])
			sharer_free(s->chains[i]->first);
	checker_close(s->checker);
	free(s->chains);
	free(s);
}
