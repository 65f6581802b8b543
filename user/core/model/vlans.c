// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/vlans.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/model/model.h"
#include "core/value/number.h"

#define VID_MAX 4094

int vlan_parse(const char *text, uint32_t *ret)
{
	uint32_t outer, inner = 0;
	const char *end = digits_parse(text, VID_MAX, &outer);

	if (end && *end == '/') {
		end = digits_parse(end + 1, VID_MAX, &inner);
		if (!inner)
			return -EINVAL;
	}
	if (!end || *end || !outer)
		return -EINVAL;
	*ret = outer | inner << 16;
	return 0;
}

const char *vlans_print(const struct interface *interface, char *text)
{
	size_t at = 0;

	*text = '\0';
	if (interface->all_vlans)
		return "all";
	for (size_t i = 0; i < interface->vlan_count; i++) {
		uint32_t outer = interface->vlans[i] & 0xffff, inner = interface->vlans[i] >> 16;
		const char *before = i ? ", " : "[";

		if (inner)
			at += snprintf(text + at, VLANS_TEXT - at, "%s%u/%u", before, outer, inner);
		else
			at += snprintf(text + at, VLANS_TEXT - at, "%s%u", before, outer);
	}
	if (at)
		snprintf(text + at, VLANS_TEXT - at, "]");
	return text;
}

bool vlans_equal(const struct interface *a, const struct interface *b)
{
	return a->all_vlans == b->all_vlans && a->vlan_count == b->vlan_count &&
	       !memcmp(a->vlans, b->vlans, a->vlan_count * sizeof(*a->vlans));
}
