// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts of what the model wants. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/gather.h"
#include "daemon/doctor/links.h"
#include "daemon/net/addresses.h"
#include "daemon/net/rtnl.h"

#define IPV4_BYTES 20			/* of an outer header */
#define IPV6_BYTES 40
#define UDP_BYTES 8
#define GUE_BYTES 4			/* of variant 0 */

int64_t tunnel_bytes(const struct model *m, const struct service *s, int family)
{
	int64_t ret = family == AF_INET ? IPV4_BYTES : IPV6_BYTES;

	if (!mode_tunnels(s->mode))
		return 0;
	if (mode_ports_vary(s->mode))
		ret += UDP_BYTES + (service_gue(m, s).variant == GUE_VARIANT + 1 ? 0 : GUE_BYTES);
	return ret;
}

static void count_service(const struct service *s, struct balancer_facts *to)
{
	to->schedules += s->daylight_count > 0;
	to->icmp_checks += s->check.kind == CHECK_ICMP;
	to->vip_checks += s->check.kind != CHECK_NONE && s->check.via_vip;
	for (size_t i = 0; mode_replies_return(s->mode) && i < s->vip_count; i++)
		*(s->vips[i].address.family == AF_INET ? &to->nat4 : &to->nat6) += 1;
}

/* Several VIPs may have one address; the facts of it are those of the first service that has it, and nat's, if any is. */
static bool is_known(const struct service *s, const struct address *address, struct facts *facts)
{
	char text[ADDRESS_TEXT];

	address_print(address, text);
	for (size_t i = 0; i < facts->vip_count; i++) {
		if (strcmp(facts->vips[i].vip, text))
			continue;
		facts->vips[i].nat |= mode_replies_return(s->mode);
		return true;
	}
	return false;
}

/* What the service's VIPs are to this host. nl and own may be of no use: then that is not known. */
struct asker {
	struct mnl_socket *nl;		/* NULL: it could not be opened */
	struct own_addresses own;
	struct links links;
};

static int add_vip(const struct asker *asker, const struct service *s, const struct address *address,
		   struct facts *facts)
{
	struct vip_facts *vip = facts_add_vip(facts);
	const struct link *leaves;
	struct rtnl_route route;

	if (!vip)
		return -ENOMEM;
	snprintf(vip->service, sizeof(vip->service), "%s", s->name);
	address_print(address, vip->vip);
	vip->family = address->family == AF_INET ? 4 : 6;
	vip->nat = mode_replies_return(s->mode);
	vip->own = own_address(&asker->own, address);
	if (!asker->nl || vip->own || rtnl_route_get(asker->nl, address, &route) ||
	    !(leaves = link_at(&asker->links, route.ifindex)))
		return 0;
	snprintf(vip->leaves, sizeof(vip->leaves), "%s", leaves->name);
	return 0;
}

static int add_vips(const struct asker *asker, const struct model *m, struct facts *facts)
{
	int err = 0;

	for (size_t i = 0; i < m->service_count; i++) {
		const struct service *s = &m->services[i];

		for (size_t v = 0; v < s->vip_count && !err; v++)
			if (!is_known(s, &s->vips[v].address, facts))
				err = add_vip(asker, s, &s->vips[v].address, facts);
	}
	return err;
}

void gather_model(const struct model *m, struct balancer_facts *ret)
{
	ret->schedules = ret->icmp_checks = ret->vip_checks = ret->nat4 = ret->nat6 = 0;
	for (size_t i = 0; i < m->service_count; i++)
		count_service(&m->services[i], ret);
}

int gather_vips(const struct model *m, struct facts *facts)
{
	struct asker asker = {};
	int err;

	own_addresses(&asker.own);
	links_read(&asker.links);
	if (rtnl_open(&asker.nl))
		asker.nl = NULL;
	err = add_vips(&asker, m, facts);
	if (asker.nl)
		mnl_socket_close(asker.nl);
	links_clear(&asker.links);
	own_addresses_clear(&asker.own);
	return err;
}
