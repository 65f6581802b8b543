// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes: tz_parse() refuses them, or makes a zone of them whose clock changes
 * when it says, and whose moments show the time that was asked for, or a later one.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/time/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_changes(const struct tz *tz, int64_t t)
{
	for (int i = 0; i < 20 && t != INT64_MAX; i++) {
		int64_t next = tz_next(tz, t);

		if (next <= t || (next != INT64_MAX &&
				  tz_offset(tz, next - 1) == tz_offset(tz, next)))
			abort();
		t = next;
	}
}

static void check_moment(const struct tz *tz, int64_t local)
{
	int64_t at = tz_moment(tz, local);

	if (at + tz_offset(tz, at) < local || at - 1 + tz_offset(tz, at - 1) >= local)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tz tz;
	int failed = tz_parse(data, size, &tz);

	if (failed) {
		if (failed != -EINVAL && failed != -ENOMEM)
			abort();
		return 0;
	}
	check_changes(&tz, -10000000000);
	check_changes(&tz, 1774746000);
	for (int64_t local = 1700000000; local < 1800000000; local += 7654321)
		check_moment(&tz, local);
	tz_clear(&tz);
	return 0;
}
