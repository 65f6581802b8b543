// SPDX-License-Identifier: GPL-2.0-or-later
/* Which class a client has, and which rings may answer a flow. */
#include "daemon/live/client_rings.h"

#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "daemon/live/classes.h"
#include "daemon/live/live.h"
#include "daemon/live/rings.h"
#include "daemon/live/services.h"

struct live_class *class_of(const struct live *live, const struct live_service *s,
			    const struct address *client)
{
	uint32_t index;

	if (!s->classes || !s->classes->own)
		return NULL;
	index = lpm_find(&s->classes->lpm, client);
	return index && index < XRING_CLASSES ? live->class_by_index[index] : s->classes->own;
}

size_t rings_of_flow(const struct live *live, const struct live_service *s,
		     const struct xring_flow *flow, struct live_ring *ret[CLASS_PLACES],
		     bool *ret_moving)
{
	struct address client = { .family = flow->family == 4 ? AF_INET : AF_INET6 };
	struct live_class *class;
	size_t count = 0;

	memcpy(client.bytes, flow->src, sizeof(client.bytes));
	class = class_of(live, s, &client);
	*ret_moving = class && class->moving;
	ret[count++] = class ? class->newest[0] : s->main;
	for (uint32_t d = 1; class && d < class->places; d++) {
		size_t i = 0;

		while (i < count && ret[i] != class->newest[d])
			i++;
		if (i == count)
			ret[count++] = class->newest[d];
	}
	return count;
}

struct live_ring *ring_of_flow(const struct live *live, const struct live_service *s,
			       const struct xring_flow *flow)
{
	struct live_ring *rings[CLASS_PLACES];
	bool moving;

	rings_of_flow(live, s, flow, rings, &moving);
	return rings[0];
}
