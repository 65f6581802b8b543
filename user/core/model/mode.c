// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/mode.h"

#include "base/util.h"
#include "core/value/word.h"

static const char *const modes[] = {
	[MODE_NAT] = "nat",
	[MODE_L2] = "l2",
	[MODE_IPIP] = "ipip",
};

int mode_parse(const char *text, enum mode *ret)
{
	int i = word_parse(text, modes, ARRAY_SIZE(modes));

	if (i < 0)
		return i;
	*ret = (enum mode)i;
	return 0;
}

const char *mode_print(enum mode mode)
{
	return modes[mode];
}
