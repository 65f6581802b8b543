// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds what makes a model invalid. Each service is validated by itself; what must differ between
 * services is in validate_vips.c, and what is about regions and rules in validate_placement.c.
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
#include "core/model/validate_vips.h"
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

static const char *family_print(int family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

static int validate_address(const struct service *s, const struct backend *b,
			    struct model_error *ret)
{
	const char *why = address_stays_here(&b->address);
	char text[ADDRESS_TEXT];

	address_print(&b->address, text);
	if (!address_is_unicast(&b->address))
		return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
				     "address %s of backend %s: want a unicast address of another host",
				     text, b->name);
	if (why)
		return wrong_backend(ret, PART_BACKEND_ADDRESS, s, b,
				     "address %s of backend %s: want one of another host, not %s",
				     text, b->name, why);
	for (size_t i = 0; i < s->vip_count; i++)
		if (vip_takes(&s->vips[i], &b->address, s->vips[i].port))
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
	if (b->port && (!vip->port || vip->port_last))
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

	if (b->port && vip->port_last)
		return wrong_backend(ret, PART_BACKEND_PORT, s, b,
				     "port %u of backend %s: want none, as mode %s keeps the ports of vip %s",
				     b->port, b->name, mode_print(s->mode), vip_print(vip, text));
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
		return wrong_check(ret, s, "check via vip of service %s: want mode l2, ipip or gue, as a "
				   "backend of mode %s has no VIP", s->name, mode_print(s->mode));
	if (!check_has_port(&s->check) || s->check.port ||
	    s->vips[0].port)
		return 0;
	return wrong_check(ret, s, "check %s of service %s: want a port, as vip %s has none",
			   check_print(&s->check, CHECK_KEY_TYPE, type), s->name,
			   vip_print(&s->vips[0], text));
}

static int validate_mss(const struct service *s, struct model_error *ret)
{
	if (!s->mss || mode_replies_return(s->mode))
		return 0;
	return wrong_service(ret, s, "mss %u of service %s: want none, as mode %s changes nothing of a "
			     "packet; a backend lowers its own (xring-setup(7), MTU)", s->mss, s->name,
			     mode_print(s->mode));
}

static int validate_points(const struct service *s, uint32_t max, struct model_error *ret)
{
	struct why why;

	return service_points_check(s, max, &why) ? wrong_service(ret, s, "%s", why.text) : 0;
}

#define SERVICES_MOST (XRING_TABLES - 1)	/* each has a number, from 1 */

/*
 * Are the maps large enough? Each backend needs an id (one id is kept for "none"); each
 * VIP, and each way back through nat, needs an entry of the VIP table, or one for each block of its
 * ports.
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
		for (size_t v = 0; v < s->vip_count; v++)
			entries += vip_block_count(&s->vips[v]) *
				   (1 + (mode_replies_return(s->mode) ? s->backend_count : 0));
		if (entries > XRING_VIPS_MAX)
			return wrong_service(ret, s,
					     "service %s makes %llu vips and nat backends: want at most %u in all",
					     s->name, (unsigned long long)entries, XRING_VIPS_MAX);
	}
	return 0;
}

/* Does a network, which may be one address, have an address that outer headers come from? */
static bool has_tunnel_source(uint32_t source, const struct prefix *p)
{
	uint32_t varying = tunnel_source_varying(source), address, others;

	memcpy(&address, p->address.bytes, sizeof(address));
	if (p->address.family != AF_INET || !varying)
		return false;
	others = p->bits < 32 ? UINT32_MAX >> p->bits : 0;
	return !((ntohl(address) ^ tunnel_source_base(source)) & ~(varying | others));
}

/* No other host may have an address that outer headers come from. */
static int validate_tunnel_source(const struct model *m, const struct service *s,
				  struct model_error *ret)
{
	uint32_t source = tunnel_source(m, s);
	char text[TUNNEL_SOURCE_TEXT], other[VIP_TEXT];

	tunnel_source_print(source, text);
	if (mode_ports_vary(s->mode))
		return !tunnel_source_varying(s->tunnel_source) ? 0 :
			wrong_service(ret, s, "tunnel_source %s of service %s: want none, as flows of mode %s vary by their UDP port",
				      text, s->name, mode_print(s->mode));
	if (!mode_tunnels(s->mode))
		return !tunnel_source_varying(s->tunnel_source) ? 0 :
			wrong_service(ret, s, "tunnel_source %s of service %s: want none, as mode %s has no tunnel",
				      text, s->name, mode_print(s->mode));
	for (size_t i = 0; i < s->vip_count; i++) {
		const struct prefix p = vip_prefix(&s->vips[i]);

		if (has_tunnel_source(source, &p))
			return wrong_vip(ret, s, i, "vip %s of service %s: want it outside of tunnel_source %s",
					 vip_print(&s->vips[i], other), s->name, text);
	}
	for (size_t i = 0; i < s->backend_count; i++) {
		const struct prefix p = prefix_of(&s->backends[i].address,
						  prefix_bits_max(s->backends[i].address.family));

		if (has_tunnel_source(source, &p))
			return wrong_backend(ret, PART_BACKEND_ADDRESS, s, &s->backends[i],
					     "address %s of backend %s: want it outside of tunnel_source %s",
					     address_print(&s->backends[i].address, other),
					     s->backends[i].name, text);
	}
	return 0;
}

static int validate_service(const struct model *m, const struct service *s, struct model_error *ret)
{
	int err = vips_validate(s, ret);

	if (!err)
		err = validate_backends(s, ret);
	if (!err)
		err = validate_health(s, ret);
	if (!err)
		err = validate_tunnel_source(m, s, ret);
	if (!err)
		err = validate_mss(s, ret);
	if (!err)
		err = validate_points(s, m->limit_cells / CELLS_PER_POINT, ret);
	return err;
}

int model_validate(const struct model *m, struct model_error *ret)
{
	/* The sizes first: they bound the work of all that follows. */
	int err = validate_sizes(m, ret);

	for (size_t i = 0; i < m->service_count && !err; i++)
		err = validate_service(m, &m->services[i], ret);
	if (!err)
		err = vips_differ_validate(m, ret);
	if (!err)
		err = vips_shapes_validate(m, ret);
	if (!err)
		err = placement_validate(m, ret);
	return err;
}
