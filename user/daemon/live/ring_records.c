// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/live/ring_records.h"

#include <sha2.h>
#include <string.h>

#include "base/step.h"
#include "daemon/live/live.h"
#include "dp/dp.h"

uint32_t ring_record_free(const struct live *live)
{
	uint32_t i = 0;

	while (i < XRING_ROUTES && live->dp->routes[i].service[0])
		i++;
	return i;
}

/* The first byte of the record says that it is taken, and is written last. */
void ring_record_write(struct live *live, uint32_t index, const struct xring_route *record)
{
	struct xring_route *to = &live->dp->routes[index];

	memcpy(to->service + 1, record->service + 1, sizeof(*record) - 1);
	step();
	__atomic_store_n(&to->service[0], record->service[0], __ATOMIC_RELEASE);
}

void ring_record_drop(struct live *live, uint32_t index)
{
	step();
	__atomic_store_n(&live->dp->routes[index].service[0], 0, __ATOMIC_RELEASE);
}
