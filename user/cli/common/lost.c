// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/common/lost.h"

#include <stdio.h>

#include "cli/common/field.h"
#include "cli/common/table.h"

void lost_print(const json_t *lost)
{
	char heads[] = ">PACKETS|LOST AT|REASON|MEANING";
	const char *unknown = json_string_value(json_object_get(lost, "unknown"));
	const json_t *item;
	struct table t;
	size_t i;

	if (unknown)
		printf("%s\n\n", unknown);
	if (!number(lost, "packets"))
		return;
	table_begin(&t, heads);
	json_array_foreach(json_object_get(lost, "devices"), i, item) {
		table_cell(&t, "%lld", number(item, "packets"));
		table_cell(&t, "%s", text(item, "device"));
		table_cell(&t, "%s", text(item, "reason"));
		table_cell(&t, "%s", text(item, "help"));
	}
	table_end(&t);
	putchar('\n');
}
