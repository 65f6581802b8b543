// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of the kinds of health checks: their words, and which keys each has. */
#include "core/model/check_text.h"

#include "base/util.h"
#include "core/value/word.h"

/*
 * The kinds of health checks. A new kind is a row here; and in daemon/probe/ a file that
 * runs the check, and a row of kinds.c with the same word.
 */
static const struct kind {
	const char *word;
	bool has_port;			/* the check connects to a port */
	bool has_request;		/* the keys path, host and expect are allowed */
	bool has_tls;			/* the keys verify, ca and sni are allowed */
	bool has_way;			/* the key via is allowed */
	bool has_program;		/* the keys program and args are allowed */
} kinds[] = {
	[CHECK_NONE] = { "none" },
	[CHECK_TCP] = { "tcp", .has_port = true, .has_way = true },
	[CHECK_HTTP] = { "http", .has_port = true, .has_way = true, .has_request = true },
	[CHECK_HTTPS] = { "https", .has_port = true, .has_way = true, .has_request = true,
			  .has_tls = true },
	[CHECK_ICMP] = { "icmp" },
	[CHECK_EXEC] = { "exec", .has_port = true, .has_program = true },
	[CHECK_AGENT] = { "agent", .has_port = true },
};

#define TYPES CHECK_AGENT		/* rows that are types of `check`, with none */

const char *check_kind_word(enum check_kind kind)
{
	return kinds[kind].word;
}

const char *check_word(size_t i)
{
	return i + 1 < TYPES ? kinds[i + 1].word : NULL;
}

const char *check_type_want(void)
{
	static char text[WORDS_TEXT];

	return words_print(kinds + 1, sizeof(*kinds), TYPES - 1, text);
}

bool check_has_port(const struct check *c)
{
	return kinds[c->kind].has_port;
}

uint16_t check_port(const struct check *c, uint16_t backend)
{
	return !check_has_port(c) ? 0 : c->port ?: backend;
}

enum check_kind check_type_parse(const char *text)
{
	int i = word_parse(text, kinds, sizeof(*kinds), TYPES);

	return i > 0 ? (enum check_kind)i : CHECK_NONE;
}

bool check_has_key(enum check_kind kind, enum check_key key)
{
	switch (key) {
	case CHECK_KEY_TYPE:
	case CHECK_KEY_RISE:
	case CHECK_KEY_FALL:
		return kind != CHECK_AGENT;
	case CHECK_KEY_PORT:
		return kinds[kind].has_port;
	case CHECK_KEY_VIA:
		return kinds[kind].has_way;
	case CHECK_KEY_PATH:
	case CHECK_KEY_HOST:
	case CHECK_KEY_EXPECT:
		return kinds[kind].has_request;
	case CHECK_KEY_VERIFY:
	case CHECK_KEY_CA:
	case CHECK_KEY_SNI:
		return kinds[kind].has_tls;
	case CHECK_KEY_PROGRAM:
	case CHECK_KEY_ARGS:
		return kinds[kind].has_program;
	default:
		return true;
	}
}
