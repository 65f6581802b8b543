// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Validates VIPs, and that no two uses of an address and port are one. What must differ between
 * services (VIPs, the addresses that the replies of nat backends come from) is sorted, so that what
 * clashes comes to stand side by side.
 */
#include "core/model/validate_vips.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <xring/abi.h>

#include "base/util.h"
#include "core/model/model.h"
#include "core/model/validate.h"

__attribute__((format(printf, 3, 4)))
static int wrong(struct model_error *ret, struct model_error at, const char *fmt, ...)
{
	va_list ap;

	*ret = at;
	va_start(ap, fmt);
	why_set_va(&ret->why, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static struct model_error at_vip(const struct service *s, size_t index)
{
	return (struct model_error){ .at = PART_VIP, .service = s, .index = index };
}

static struct model_error at_backend(const struct service *s, const struct backend *b)
{
	return (struct model_error){ .at = PART_BACKEND_ADDRESS, .service = s, .backend = b };
}

static int no_memory(struct model_error *ret)
{
	*ret = (struct model_error){ .why = { "out of memory" } };
	return -ENOMEM;
}

/* ---- each by itself ---- */

/* Which network, part of a larger one, no client reaches; NULL: none. */
static const char *unreachable_in(const struct prefix *network)
{
	static const char *const parts[] = { "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255", "::1",
					     "::ffff:0.0.0.0/96", "fe80::/10", "ff00::/8" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct prefix part;

		if (!prefix_parse(parts[i], &part, NULL) && prefix_covers(network, &part.address))
			return parts[i];
	}
	return NULL;
}

static int validate_address(const struct service *s, size_t i, struct model_error *ret)
{
	const struct vip *vip = &s->vips[i];
	const struct prefix network = vip_prefix(vip);
	const char *why = address_stays_here(&vip->address);
	char text[VIP_TEXT];

	vip_print(vip, text);
	if (!address_is_unicast(&vip->address))
		return wrong(ret, at_vip(s, i), "vip %s of service %s: want a unicast address", text,
			     s->name);
	if (why)
		return wrong(ret, at_vip(s, i), "vip %s of service %s: want an address that clients "
			     "reach, not %s", text, s->name, why);
	why = unreachable_in(&network);
	if (why)
		return wrong(ret, at_vip(s, i), "vip %s of service %s: want addresses that clients "
			     "reach, without %s", text, s->name, why);
	if (vip->bits && mode_replies_return(s->mode))
		return wrong(ret, at_vip(s, i), "vip %s of service %s: want one address, as mode %s "
			     "knows from a backend alone by which VIP a reply goes", text, s->name,
			     mode_print(s->mode));
	return 0;
}

int vips_validate(const struct service *s, struct model_error *ret)
{
	char text[VIP_TEXT];
	int err = 0;

	if (!s->vip_count)
		return wrong(ret, (struct model_error){ .at = PART_SERVICE, .service = s },
			     "service %s without a vip: want " WANT_VIP, s->name);
	for (size_t i = 0; i < s->vip_count && !err; i++) {
		err = validate_address(s, i, ret);
		if (!err && key_is_packet(&s->key) && s->vips[i].protocol != IPPROTO_UDP)
			err = wrong(ret, at_vip(s, i), "vip %s of service %s: want /udp, as key packet "
				    "sends each packet by itself", vip_print(&s->vips[i], text),
				    s->name);
	}
	return err;
}

/* ---- what must differ ---- */

/* An address and port that must be used only once, and by what it is used. */
struct use {
	struct vip as;
	const struct service *service;
	size_t vip;
	const struct backend *backend;	/* NULL: used as a VIP */
};

static int by_address(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/*
 * Ranges of one network come to stand together, by their first port. Equal ones are in the order of
 * services, VIPs and backends, because these pointers are into sorted arrays.
 */
static int by_use(const void *left, const void *right)
{
	const struct use *a = left, *b = right;
	int order = by_address(&a->as.address, &b->as.address);

	if (!order)
		order = ORDER(a->as.bits, b->as.bits);
	if (!order)
		order = ORDER(!!a->as.port_last, !!b->as.port_last);
	if (!order && a->as.port_last)
		order = ORDER(a->as.protocol, b->as.protocol);
	if (!order)
		order = ORDER(a->as.port, b->as.port);
	if (!order)
		order = ORDER(a->as.protocol, b->as.protocol);
	if (!order)
		order = ORDER(a->service, b->service);
	if (!order)
		order = ORDER(a->vip, b->vip);
	if (!order)
		order = ORDER(a->backend, b->backend);
	return order;
}

/* Are two neighbours in the order one, or ranges of which nothing says which one goes before? */
static bool clash(const struct use *a, const struct use *b)
{
	if (vip_equal(&a->as, &b->as))
		return true;
	return a->as.port_last && b->as.port_last && a->as.bits == b->as.bits &&
	       a->as.protocol == b->as.protocol && address_equal(&a->as.address, &b->as.address) &&
	       b->as.port <= a->as.port_last;
}

/* Sorts the uses; returns the second of the first two that clash, or NULL. */
static const struct use *used_twice(struct use *uses, size_t count)
{
	qsort(uses, count, sizeof(*uses), by_use);
	for (size_t i = 1; i < count; i++)
		if (clash(&uses[i - 1], &uses[i]))
			return &uses[i];
	return NULL;
}

static int vip_twice(const struct use *use, struct model_error *ret)
{
	const struct use *other = use - 1;
	const struct service *s = use->service;
	char text[VIP_TEXT], other_text[VIP_TEXT];

	vip_print(&use->as, text);
	if (!vip_equal(&use->as, &other->as))
		return wrong(ret, at_vip(s, use->vip), "vip %s of service %s: want ports that no other "
			     "range has, %s of service %s has some", text, s->name,
			     vip_print(&other->as, other_text), other->service->name);
	if (other->service == s)
		return wrong(ret, at_vip(s, use->vip), "vip %s of service %s: want it once", text,
			     s->name);
	return wrong(ret, at_vip(s, use->vip),
		     "vip %s of service %s: want one of its own, service %s has it", text, s->name,
		     other->service->name);
}

static int validate_vips_differ(const struct model *m, struct model_error *ret)
{
	_free_ struct use *uses = NULL;
	const struct use *use;
	size_t count = 0;

	for (size_t i = 0; i < m->service_count; i++)
		count += m->services[i].vip_count;
	uses = calloc(count + 1, sizeof(*uses));
	if (!uses)
		return no_memory(ret);
	count = 0;
	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		for (size_t v = 0; v < s->vip_count; v++)
			uses[count++] = (struct use){ s->vips[v], s, v, NULL };
	}
	use = used_twice(uses, count);
	if (!use)
		return 0;
	return vip_twice(use, ret);
}

static int backend_twice(const struct service *s, const struct backend *b,
			 const struct backend *other, uint16_t port, struct model_error *ret)
{
	char text[ENDPOINT_TEXT];

	return wrong(ret, at_backend(s, b),
		     "backend %s at %s: want another address%s, backend %s of service %s is there",
			     b->name, endpoint_print(&b->address, port, text),
			     mode_replies_return(s->mode) ? " or port" : "", other->name, s->name);
}

/* For modes that change no port: the ports are the VIPs', so only addresses must differ. */
static int by_backend_address(const void *left, const void *right)
{
	const struct backend *const *a = left, *const *b = right;
	int order = by_address(&(*a)->address, &(*b)->address);

	return order ? order : ORDER(*a, *b);
}

static int validate_unchanged_differ(const struct service *s, struct model_error *ret)
{
	_free_ const struct backend **sorted = calloc(s->backend_count + 1, sizeof(*sorted));

	if (!sorted)
		return no_memory(ret);
	for (size_t i = 0; i < s->backend_count; i++)
		sorted[i] = &s->backends[i];
	qsort(sorted, s->backend_count, sizeof(*sorted), by_backend_address);
	for (size_t i = 1; i < s->backend_count; i++)
		if (address_equal(&sorted[i - 1]->address, &sorted[i]->address))
			return backend_twice(s, sorted[i], sorted[i - 1], 0, ret);
	return 0;
}

static size_t nat_uses(const struct service *s, struct use *ret)
{
	size_t count = 0;

	for (size_t v = 0; v < s->vip_count; v++) {
		for (size_t i = 0; i < s->backend_count; i++) {
			const struct backend *b = &s->backends[i];
			struct use use = { { .address = b->address, .port = b->port,
					     .protocol = s->vips[v].protocol }, s, v, b };

			if (!b->port) {
				use.as.port = s->vips[v].port;
				use.as.port_last = s->vips[v].port_last;
			}
			ret[count++] = use;
		}
	}
	return count;
}

static int nat_twice(const struct use *use, const struct use *other, struct model_error *ret)
{
	char text[VIP_TEXT], vip[VIP_TEXT], other_vip[VIP_TEXT];

	if (use->service == other->service && use->vip == other->vip)
		return backend_twice(use->service, use->backend, other->backend, use->as.port, ret);
	return wrong(ret, at_backend(use->service, use->backend),
		     "backend %s at %s: want it behind one nat vip, replies of %s and %s could not be told apart",
			     use->backend->name, vip_print(&use->as, text),
			     vip_print(&other->service->vips[other->vip], other_vip),
			     vip_print(&use->service->vips[use->vip], vip));
}

/*
 * Does a port by itself take replies from a range that are not of its VIP? It goes before the range, so
 * it may only where its VIP goes before that of the range in the same way: at the same address and port.
 */
static bool takes_from_range(const struct use *one, const struct use *range)
{
	const struct vip *vip = &one->service->vips[one->vip];

	return one->as.protocol == range->as.protocol &&
	       (one->as.port != vip->port ||
		!address_equal(&vip->address, &range->service->vips[range->vip].address));
}

/*
 * Of sorted uses, the first port that takes replies from a range; NULL: none does. Of each address the ports come
 * first, and then the ranges of each protocol, which share no port.
 */
static const struct use *used_in_range(const struct use *uses, size_t count, const struct use **ret_range)
{
	size_t first = 0, at = 0;

	for (size_t i = 1; i < count; i++) {
		const struct use *range = &uses[i];

		if (!address_equal(&range->as.address, &uses[first].as.address))
			first = at = i;
		if (!range->as.port_last)
			continue;
		if (range->as.protocol != range[-1].as.protocol)
			at = first;
		for (; at < i && !uses[at].as.port_last && uses[at].as.port <= range->as.port_last; at++) {
			if (uses[at].as.port >= range->as.port && takes_from_range(&uses[at], range)) {
				*ret_range = range;
				return &uses[at];
			}
		}
	}
	return NULL;
}

/*
 * A reply is recognized by the address and port that it comes from, so these must lead back
 * to a single VIP. "Any port" is a use of its own, because the datapath looks for the exact port
 * and for ranges first.
 */
static int validate_nat_differ(const struct model *m, struct model_error *ret)
{
	_free_ struct use *uses = NULL;
	const struct use *use, *range;
	size_t count = 0;

	for (size_t i = 0; i < m->service_count; i++)
		if (mode_replies_return(m->services[i].mode))
			count += m->services[i].vip_count * m->services[i].backend_count;
	uses = calloc(count + 1, sizeof(*uses));
	if (!uses)
		return no_memory(ret);
	count = 0;
	for (size_t i = 0; i < m->service_count; i++)
		if (mode_replies_return(m->services[i].mode))
			count += nat_uses(&m->services[i], uses + count);
	use = used_twice(uses, count);
	if (use)
		return nat_twice(use, use - 1, ret);
	use = used_in_range(uses, count, &range);
	return use ? nat_twice(use, range, ret) : 0;
}

int vips_differ_validate(const struct model *m, struct model_error *ret)
{
	int err = 0;

	for (size_t i = 0; i < m->service_count && !err; i++)
		if (!mode_replies_return(m->services[i].mode))
			err = validate_unchanged_differ(&m->services[i], ret);
	return err ?: validate_vips_differ(m, ret) ?: validate_nat_differ(m, ret);
}

/* ---- shapes ---- */

/* Shapes as core/vip/shapes.h makes them of these VIPs, each as a number. */
struct shapes {
	uint32_t list[XRING_SHAPES_MAX];
	size_t count;
};

enum what { VIP, ADDRESS, REPLY };

/* False: there is no room for it. range: the block is one of a range, be it of one port. */
static bool shape_add(struct shapes *shapes, enum what what, const struct prefix *network,
		      unsigned port_bits, bool range)
{
	uint32_t shape = (uint32_t)what << 24 | (network->address.family == AF_INET) << 17 |
			 (uint32_t)range << 16 | (uint32_t)network->bits << 8 | port_bits;

	for (size_t i = 0; i < shapes->count; i++)
		if (shapes->list[i] == shape)
			return true;
	if (shapes->count == XRING_SHAPES_MAX)
		return false;
	shapes->list[shapes->count++] = shape;
	return true;
}

static bool shapes_of_vip(struct shapes *shapes, const struct service *s, const struct vip *vip)
{
	struct port_block blocks[PORT_BLOCKS_MAX];
	size_t count = vip_blocks(vip, blocks);
	const struct prefix network = vip_prefix(vip);
	bool fits = !vip->bits || shape_add(shapes, ADDRESS, &network, 0, false);

	for (size_t i = 0; i < count && fits && (vip->bits || vip->port_last || !vip->port); i++)
		fits = shape_add(shapes, VIP, &network, blocks[i].bits, vip->port_last) &&
		       (!mode_replies_return(s->mode) ||
			shape_add(shapes, REPLY, &network, blocks[i].bits, vip->port_last));
	return fits;
}

int vips_shapes_validate(const struct model *m, struct model_error *ret)
{
	struct shapes shapes = {};
	char text[VIP_TEXT];

	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		for (size_t v = 0; v < s->vip_count; v++)
			if (!shapes_of_vip(&shapes, s, &s->vips[v]))
				return wrong(ret, at_vip(s, v), "vip %s of service %s: want at most "
					     "%u shapes of networks and ranges of ports in all "
					     "(xring.yaml(5), VIPs)", vip_print(&s->vips[v], text),
					     s->name, XRING_SHAPES_MAX);
	}
	return 0;
}
