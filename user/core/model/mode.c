// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The modes. A new mode is a row here, a function in the table of core/vip/template.c that
 * writes its headers, kinds of templates in include/xring/backend.h, and their
 * encapsulation in bpf/encap.h and bpf/forward.h (and bpf/decap.bpf.c).
 */
#include "core/model/mode.h"

#include "base/util.h"
#include "core/value/word.h"

static const struct row {
	const char *word;
	bool replies_return;
	bool needs_link;
	bool tunnels;
	bool ports_vary;
} rows[] = {
	[MODE_NAT] = { "nat", .replies_return = true },
	[MODE_L2] = { "l2", .needs_link = true },
	[MODE_IPIP] = { "ipip", .tunnels = true },
	[MODE_GUE] = { "gue", .tunnels = true, .ports_vary = true },
};

int mode_parse(const char *text, enum mode *ret)
{
	int i = word_parse(text, rows, sizeof(*rows), ARRAY_SIZE(rows));

	if (i < 0)
		return i;
	*ret = (enum mode)i;
	return 0;
}

const char *mode_print(enum mode mode)
{
	return rows[mode].word;
}

const char *mode_word(size_t i)
{
	return i < ARRAY_SIZE(rows) ? rows[i].word : NULL;
}

const char *mode_want(void)
{
	static char text[WORDS_TEXT];

	return words_print(rows, sizeof(*rows), ARRAY_SIZE(rows), text);
}

bool mode_replies_return(enum mode mode)
{
	return rows[mode].replies_return;
}

bool mode_needs_link(enum mode mode)
{
	return rows[mode].needs_link;
}

bool mode_tunnels(enum mode mode)
{
	return rows[mode].tunnels;
}

bool mode_ports_vary(enum mode mode)
{
	return rows[mode].ports_vary;
}
