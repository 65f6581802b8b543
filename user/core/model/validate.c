// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds what makes a model invalid. Each service is validated by itself. What must differ
 * between services (VIPs, the addresses that the replies of nat backends come from) is
 * sorted, so that equal ones come to stand side by side.
 */
#include "core/model/validate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xring/abi.h>

#include "base/util.h"
#include "core/model/check_text.h"
#include "core/model/model.h"
#include "core/model/points.h"
#include "core/model/tunnel_source.h"
#include "core/model/validate_placement.h"
#include "core/value/number.h"

/* A ring has at least this many cells for each of its points. */
#define CELLS_PER_POINT 4

static int wrong_va(struct model_error *ret, enum model_part at, const struct service *s,
		    const struct backend *b, size_t index, const char *fmt, va_list ap)
{
	*ret = (struct model_error){ .at = at, .service = s, .backend = b, .index = index };
	why_set_va(&ret->why, 0, fmt, ap);
	return -EINVAL;
}

__attribute__((format(printf, 3, 4)))
static int wrong_service(struct model_error *ret, const struct service *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	wrong_va(ret, PART_SERVICE, s, NULL, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

__attribute__((format(printf, 3, 4)))
static int wrong_check(struct model_error *ret, const struct service *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	wrong_va(ret, PART_CHECK, s, NULL, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

__attribute__((format(printf, 4, 5)))
static int wrong_vip(struct model_error *ret, const struct service *s, size_t index,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	wrong_va(ret, PART_VIP, s, NULL, index, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

__attribute__((format(printf, 5, 6)))
static int wrong_backend(struct model_error *ret, enum model_part at, const struct service *s,
			 const struct backend *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	wrong_va(ret, at, s, b, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int no_memory(struct model_error *ret)
{
	*ret = (struct model_error){ .why = { "out of memory" } };
	return -ENOMEM;
}

/* Neither the unspecified address, nor a multicast or broadcast address. */
static bool is_unicast(const struct address *a)
{
	static const uint8_t unspecified[16], broadcast[4] = { 255, 255, 255, 255 };

	if (!memcmp(a->bytes, unspecified, sizeof(unspecified)))
		return false;
	if (a->family == AF_INET)
		return a->bytes[0] >> 4 != 14 && memcmp(a->bytes, broadcast, sizeof(broadcast));
	return a->bytes[0] != 0xff;
}

/*
 * Why no packet to such an address comes to another host: a loopback address, one that is an IPv4
 * address only inside of a host (RFC 4291, 2.5.5.2), and one that means something else on each link
 * (RFC 4291, 2.5.6; of IPv4, RFC 3927 has such, too, but routes may lead there). NULL: one may.
 */
static const char *stays_here(const struct address *a)
{
	static const uint8_t one[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->family == AF_INET)
		return a->bytes[0] == 127 ? "a loopback address" : NULL;
	if (!memcmp(a->bytes, one, sizeof(one)))
		return "a loopback address";
	if (!memcmp(a->bytes, mapped, sizeof(mapped)))
		return "an IPv4-mapped address";
	if (a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80)
		return "a link-local address";
	return NULL;
}

static const char *family_print(int family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

static int validate_vips(const struct service *s, struct model_error *ret)
{
	char text[VIP_TEXT];

	if (!s->vip_count)
		return wrong_service(ret, s, "service %s without a vip: want " WANT_VIP, s->name);
	for (size_t i = 0; i < s->vip_count; i++) {
		const char *why = stays_here(&s->vips[i].address);

		if (!is_unicast(&s->vips[i].address))
			return wrong_vip(ret, s, i, "vip %s of service %s: want a unicast address",
					 vip_print(&s->vips[i], text), s->name);
		if (why)
			return wrong_vip(ret, s, i, "vip %s of service %s: want an address that clients "
					 "reach, not %s", vip_print(&s->vips[i], text), s->name, why);
		if (key_is_packet(&s->key) && s->vips[i].protocol != IPPROTO_UDP)
			return wrong_vip(ret, s, i, "vip %s of service %s: want /udp, as key packet "
					 "sends each packet by itself", vip_print(&s->vips[i], text),
					 s->name);
	}
	return 0;
}

static int validate_address(const struct service *s, const struct backend *b,
			    struct model_error *ret)
{
	const char *why = stays_here(&b->address);
	char text[ADDRESS_TEXT];

	address_print(&b->address, text);
	if (!is_unicast(&b->address))
		return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
				     "address %s of backend %s: want a unicast address of another host",
				     text, b->name);
	if (why)
		return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
				     "address %s of backend %s: want one of another host, not %s",
				     text, b->name, why);
	for (size_t i = 0; i < s->vip_count; i++)
		if (address_equal(&s->vips[i].address, &b->address))
			return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
					     "address %s of backend %s: want its own, not that of its vip",
					     text, b->name);
	return 0;
}

/* Mode nat can rewrite an address only to another of the same family; it can rewrite any port. */
static int validate_nat(const struct service *s, const struct vip *vip, const struct backend *b,
		     struct model_error *ret)
{
	char vip_text[VIP_TEXT], text[ADDRESS_TEXT];

	vip_print(vip, vip_text);
	if (b->address.family != vip->address.family)
		return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
				     "address %s of backend %s: want %s, as mode nat stays in the family of vip %s",
				     address_print(&b->address, text), b->name,
				     family_print(vip->address.family), vip_text);
	/* If all ports became one port, replies would lose the port that the client used. */
	if (b->port && !vip->port)
		return wrong_backend(ret, PART_BACKEND_PORT, s, b,
				     "port %u of backend %s: want none, as replies must keep the ports of vip %s",
				     b->port, b->name, vip_text);
	return 0;
}

/* Modes other than nat do not change the packet inside, so its ports stay as they are. */
static int validate_unchanged(const struct service *s, const struct vip *vip,
			   const struct backend *b, struct model_error *ret)
{
	char text[VIP_TEXT];

	if (b->port && b->port != vip->port)
		return wrong_backend(ret, PART_BACKEND_PORT, s, b,
				     "port %u of backend %s: want none or that of vip %s, as mode %s changes no port",
				     b->port, b->name, vip_print(vip, text), mode_print(s->mode));
	return 0;
}

static int validate_backends(const struct service *s, struct model_error *ret)
{
	int err = 0;

	for (size_t i = 0; i < s->backend_count && !err; i++) {
		const struct backend *b = &s->backends[i];

		err = validate_address(s, b, ret);
		for (size_t v = 0; v < s->vip_count && !err; v++)
			err = mode_replies_return(s->mode) ? validate_nat(s, &s->vips[v], b, ret) :
						    validate_unchanged(s, &s->vips[v], b, ret);
	}
	return err;
}

/*
 * A check that connects needs a port. A backend of a VIP of any port has no port of its
 * own, which validate_backends() has made sure of.
 */
static int validate_health(const struct service *s, struct model_error *ret)
{
	char type[CHECK_VALUE_TEXT], text[VIP_TEXT];

	if (s->check.via_vip && mode_replies_return(s->mode))
		return wrong_check(ret, s, "check via vip of service %s: want mode l2 or ipip, as a "
				   "backend of mode %s has no VIP", s->name, mode_print(s->mode));
	if (!check_has_port(&s->check) || s->check.port ||
	    s->vips[0].port)
		return 0;
	return wrong_check(ret, s, "check %s of service %s: want a port, as vip %s has none",
			   check_print(&s->check, CHECK_KEY_TYPE, type), s->name,
			   vip_print(&s->vips[0], text));
}

static int validate_points(const struct service *s, uint32_t max, struct model_error *ret)
{
	struct why why;

	return service_points_check(s, max, &why) ? wrong_service(ret, s, "%s", why.text) : 0;
}

#define SERVICES_MOST (XRING_TABLES - 1)	/* each has a number, from 1 */

/*
 * Are the maps large enough? Each backend needs an id (one id is kept for "none"); each
 * VIP, and each way back through nat, needs an entry of the VIP table.
 */
static int validate_sizes(const struct model *m, struct model_error *ret)
{
	uint64_t backends = 0, entries = 0;

	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		if (i == SERVICES_MOST)
			return wrong_service(ret, s, "service %s is one of %zu: want at most %u",
					     s->name, m->service_count, SERVICES_MOST);
		backends += s->backend_count;
		if (backends > m->limit_backends - 1)
			return wrong_service(ret, s,
					     "service %s makes %llu backends: want at most %u in all, as limits say",
					     s->name, (unsigned long long)backends,
					     m->limit_backends - 1);
		entries += s->vip_count;
		if (mode_replies_return(s->mode))
			entries += (uint64_t)s->vip_count * s->backend_count;
		if (entries > XRING_VIPS_MAX)
			return wrong_service(ret, s,
					     "service %s makes %llu vips and nat backends: want at most %u in all",
					     s->name, (unsigned long long)entries, XRING_VIPS_MAX);
	}
	return 0;
}

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
 * Equal ones are in the order of services, VIPs and backends, because these pointers are
 * into sorted arrays.
 */
static int by_use(const void *left, const void *right)
{
	const struct use *a = left, *b = right;
	int order = by_address(&a->as.address, &b->as.address);

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

/* Sorts the uses; returns the second of the first two that are equal, or NULL. */
static const struct use *used_twice(struct use *uses, size_t count)
{
	qsort(uses, count, sizeof(*uses), by_use);
	for (size_t i = 1; i < count; i++)
		if (vip_equal(&uses[i - 1].as, &uses[i].as))
			return &uses[i];
	return NULL;
}

static int validate_vips_differ(const struct model *m, struct model_error *ret)
{
	_free_ struct use *uses = NULL;
	const struct use *use;
	size_t count = 0;
	char text[VIP_TEXT];

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
	vip_print(&use->as, text);
	if (use[-1].service == use->service)
		return wrong_vip(ret, use->service, use->vip, "vip %s of service %s: want it once",
				 text, use->service->name);
	return wrong_vip(ret, use->service, use->vip,
			 "vip %s of service %s: want one of its own, service %s has it",
			 text, use->service->name, use[-1].service->name);
}

static int backend_twice(const struct service *s, const struct backend *b,
			 const struct backend *other, uint16_t port, struct model_error *ret)
{
	char text[ENDPOINT_TEXT];

	return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
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
			struct use use = { { b->address, b->port, s->vips[v].protocol }, s, v, b };

			if (!b->port)
				use.as.port = s->vips[v].port;
			ret[count++] = use;
		}
	}
	return count;
}

static int nat_twice(const struct use *use, struct model_error *ret)
{
	const struct use *other = use - 1;
	char text[VIP_TEXT], vip[VIP_TEXT], other_vip[VIP_TEXT];

	if (use->service == other->service && use->vip == other->vip)
		return backend_twice(use->service, use->backend, other->backend, use->as.port, ret);
	return wrong_backend(ret, PART_BACKEND_ADDRESS, use->service, use->backend,
			     "backend %s at %s: want it behind one nat vip, replies of %s and %s could not be told apart",
			     use->backend->name, vip_print(&use->as, text),
			     vip_print(&other->service->vips[other->vip], other_vip),
			     vip_print(&use->service->vips[use->vip], vip));
}

/*
 * A reply is recognized by the address and port that it comes from, so these must lead back
 * to a single VIP. "Any port" is a use of its own, because the datapath looks for the exact
 * port first.
 */
static int validate_nat_differ(const struct model *m, struct model_error *ret)
{
	_free_ struct use *uses = NULL;
	const struct use *use;
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
	return use ? nat_twice(use, ret) : 0;
}

static bool is_tunnel_source(uint32_t source, const struct address *a)
{
	uint32_t address;

	memcpy(&address, a->bytes, sizeof(address));
	return a->family == AF_INET && tunnel_source_varying(source) &&
	       (ntohl(address) & ~tunnel_source_varying(source)) == tunnel_source_base(source);
}

/* No other host may have an address that outer headers come from. */
static int validate_tunnel_source(const struct model *m, const struct service *s,
				  struct model_error *ret)
{
	uint32_t source = tunnel_source(m, s);
	char text[TUNNEL_SOURCE_TEXT], other[VIP_TEXT];

	tunnel_source_print(source, text);
	if (!mode_tunnels(s->mode))
		return !tunnel_source_varying(s->tunnel_source) ? 0 :
			wrong_service(ret, s, "tunnel_source %s of service %s: want none, as mode %s has no tunnel",
				      text, s->name, mode_print(s->mode));
	for (size_t i = 0; i < s->vip_count; i++)
		if (is_tunnel_source(source, &s->vips[i].address))
			return wrong_vip(ret, s, i, "vip %s of service %s: want it outside of tunnel_source %s",
					 vip_print(&s->vips[i], other), s->name, text);
	for (size_t i = 0; i < s->backend_count; i++)
		if (is_tunnel_source(source, &s->backends[i].address))
			return wrong_backend(ret, PART_BACKEND_ADDRESS, s, &s->backends[i],
					     "address %s of backend %s: want it outside of tunnel_source %s",
					     address_print(&s->backends[i].address, other),
					     s->backends[i].name, text);
	return 0;
}

static int validate_service(const struct model *m, const struct service *s, struct model_error *ret)
{
	int err = validate_vips(s, ret);

	if (!err)
		err = validate_backends(s, ret);
	if (!err)
		err = validate_health(s, ret);
	if (!err)
		err = validate_tunnel_source(m, s, ret);
	if (!err)
		err = validate_points(s, m->limit_cells / CELLS_PER_POINT, ret);
	if (!err && !mode_replies_return(s->mode))
		err = validate_unchanged_differ(s, ret);
	return err;
}

int model_validate(const struct model *m, struct model_error *ret)
{
	/* The sizes first: they bound the work of all that follows. */
	int err = validate_sizes(m, ret);

	for (size_t i = 0; i < m->service_count && !err; i++)
		err = validate_service(m, &m->services[i], ret);
	if (!err)
		err = validate_vips_differ(m, ret);
	if (!err)
		err = validate_nat_differ(m, ret);
	if (!err)
		err = placement_validate(m, ret);
	return err;
}
