// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A leaving nat backend answers its flows from its address until they are gone. Until then a
 * backend behind another VIP cannot have that address: the replies of the two could not be
 * told apart. A model that needs it is refused, or, with --cut, the flows of the leaving
 * backend are cut.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/why.h"
#include "core/value/number.h"
#include "daemon/apply/apply.h"
#include "daemon/live/backends.h"
#include "daemon/live/live.h"
#include "daemon/live/services.h"

/* The source of a nat backend's replies, and whose it is. */
struct reply {
	struct vip from;
	const struct service *service;
	const struct vip *vip;
	const struct backend *backend;
};

struct replies {
	struct reply *list;		/* sorted by `from` */
	size_t count;
};

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int by_from(const void *left, const void *right)
{
	const struct vip *a = &((const struct reply *)left)->from;
	const struct vip *b = &((const struct reply *)right)->from;

	return ORDER(a->address.family, b->address.family) ?:
	       memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes)) ?:
	       ORDER(a->port, b->port) ?: ORDER(a->protocol, b->protocol);
}

static struct vip reply_from(const struct address *address, uint16_t port, const struct vip *vip)
{
	return (struct vip){ *address, port ?: vip->port, vip->protocol };
}

static int replies_new(const struct model *m, struct replies *ret)
{
	size_t count = 0;
	struct reply *list;

	for (size_t i = 0; i < m->service_count; i++)
		count += m->services[i].vip_count * m->services[i].backend_count;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		for (size_t v = 0; mode_replies_return(s->mode) && v < s->vip_count; v++) {
			for (size_t b = 0; b < s->backend_count; b++) {
				const struct backend *backend = &s->backends[b];

				list[count++] = (struct reply){
					reply_from(&backend->address, backend->port, &s->vips[v]),
					s, &s->vips[v], backend,
				};
			}
		}
	}
	qsort(list, count, sizeof(*list), by_from);
	*ret = (struct replies){ list, count };
	return 0;
}

/*
 * The model's backend that answers from the same source as this backend, behind another VIP;
 * NULL: there is none.
 */
static const struct reply *other_reply(const struct replies *r, const struct service *s,
				       const struct live_backend *backend)
{
	for (size_t v = 0; v < s->vip_count; v++) {
		struct reply key = { reply_from(&backend->address, backend->port, &s->vips[v]) };
		const struct reply *found = bsearch(&key, r->list, r->count, sizeof(key), by_from);

		if (found && !vip_equal(found->vip, &s->vips[v]))
			return found;
	}
	return NULL;
}

/* Does the model keep the backend in its service, or bring it back? */
static bool stays(const struct service *s, const struct live_backend *backend)
{
	const struct backend *b = service_backend(s, backend->name);

	return b && backend->port == b->port && address_equal(&backend->address, &b->address);
}

/* Until when (ns) a backend that is leaving, or would leave now, may keep its flows. */
static uint64_t flows_until(const struct service *s, const struct live_backend *backend,
			    uint64_t now)
{
	if (backend->dead)
		return now;
	return backend->owner->drain_until ?: now + s->drain_ms * NS_PER_MS;
}

static int refuse(const struct reply *r, const struct live_backend *backend, uint64_t left,
		  struct why *why)
{
	char from[VIP_TEXT], time[DURATION_TEXT];
	uint64_t seconds = (left + NS_PER_S - 1) / NS_PER_S;

	return why_set(why, -EINVAL, "service %s: backend %s at %s: want another address or port, backend "
		 "%s of service %s leaves that one and may keep its flows for %s; --cut breaks them",
		 r->service->name, r->backend->name, vip_print(&r->from, from), backend->name,
		 backend->service->name, duration_print(seconds * 1000, time));
}

static int check_service(const struct replies *r, const struct live_service *ls,
			 const struct service *s, uint64_t now, struct why *why)
{
	for (size_t i = 0; i < ls->leaving_count + ls->backend_count; i++) {
		const struct live_backend *backend = i < ls->leaving_count ? ls->leaving[i] :
					       ls->backends[i - ls->leaving_count];
		const struct reply *other = stays(s, backend) ? NULL : other_reply(r, s, backend);
		uint64_t until = flows_until(s, backend, now);

		if (other && until > now)
			return refuse(other, backend, until - now, why);
	}
	return 0;
}

int live_replies_check(const struct live *live, const struct model *m, uint64_t now,
		       struct why *why)
{
	struct replies r;
	int err = replies_new(m, &r);

	if (err)
		return err;
	for (size_t i = 0; i < m->service_count && !err; i++) {
		const struct service *s = &m->services[i];
		const struct live_service *ls = live_service(live, s->name);

		if (ls && mode_replies_return(s->mode))
			err = check_service(&r, ls, s, now, why);
	}
	free(r.list);
	return err;
}

static void yield(const struct replies *r, const struct live_service *ls, const struct service *s,
		  uint64_t now)
{
	for (size_t i = 0; i < ls->leaving_count; i++) {
		struct live_backend *backend = ls->leaving[i];
		const struct reply *other = stays(s, backend) ? NULL : other_reply(r, s, backend);

		if (!other || flows_until(s, backend, now) <= now)
			continue;
		log_warn("backend %s of %s is cut: backend %s of %s has its address", backend->name,
			 ls->name, other->backend->name, other->service->name);
		backend->owner->drain_until = now;
	}
}

static bool any_leaves(const struct live *live)
{
	for (size_t i = 0; i < live->service_count; i++)
		if (live->services[i]->leaving_count)
			return true;
	return false;
}

int live_replies_yield(struct live *live, const struct model *m, uint64_t now)
{
	struct replies r;
	int err;

	if (!any_leaves(live))
		return 0;
	err = replies_new(m, &r);
	if (err)
		return err;
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];
		const struct live_service *ls = live_service(live, s->name);

		if (ls && mode_replies_return(s->mode))
			yield(&r, ls, s, now);
	}
	free(r.list);
	return 0;
}
