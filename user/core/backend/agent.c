// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/backend/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/backend/standing.h"
#include "core/value/number.h"

#define BETWEEN " \t,"
#define END "#\r\n"
#define ALL 100u			/* percent */

static const char *const states[AGENT_STATES] = {
	[AGENT_READY] = "ready",
	[AGENT_DRAIN] = "drain",
	[AGENT_MAINT] = "maint",
};

static int parse_percent(const char *text, size_t len, struct agent_word *word)
{
	char digits[4] = "";
	uint32_t percent;

	if (len > sizeof(digits) || text[len - 1] != '%')
		return -EINVAL;
	memcpy(digits, text, len - 1);
	if (unsigned_parse(digits, 0, ALL, &percent))
		return -EINVAL;
	word->less = ALL - percent;
	return 0;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(text, word, len);
}

static int parse_word(const char *text, size_t len, struct agent_word *word)
{
	static const char *const downs[] = { "down", "fail", "failed", "stopped" };
	static const char limit[] = "maxconn:";

	for (uint8_t i = 0; i < AGENT_STATES; i++) {
		if (is_word(text, len, states[i])) {
			word->state = i;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(downs); i++) {
		if (is_word(text, len, downs[i])) {
			word->down = true;
			return 0;
		}
	}
	if (is_word(text, len, "up")) {
		word->down = false;
		return 0;
	}
	if (len > strlen(limit) && !memcmp(text, limit, strlen(limit)))
		return strspn(text + strlen(limit), "0123456789") >= len - strlen(limit) ? 0 : -EINVAL;
	return parse_percent(text, len, word);
}

int agent_parse(const char *line, struct agent_word *word)
{
	struct agent_word said = *word;
	const char *end = line + strcspn(line, END);
	bool any = false;

	for (const char *at = line + strspn(line, BETWEEN); at < end; at += strspn(at, BETWEEN)) {
		size_t len = strcspn(at, BETWEEN END);

		if (parse_word(at, len, &said))
			return -EINVAL;
		any = true;
		at += len;
	}
	if (!any)
		return -EINVAL;
	*word = said;
	return 0;
}

bool agent_changes(const struct agent_word *now, const struct agent_word *said)
{
	if (now->state != said->state || now->down != said->down)
		return true;
	return abs(now->less - said->less) >= AGENT_LEAST ||
	       (said->less == ALL && now->less != ALL);
}

const char *agent_state_print(enum agent_state state)
{
	return states[state];
}

const char *agent_print(const struct agent_word *word, char buf[AGENT_TEXT])
{
	snprintf(buf, AGENT_TEXT, "%u%%%s%s%s", (ALL - word->less) % 1000, word->state ? " " : "",
		 word->state ? states[word->state] : "", word->down ? " down" : "");
	return buf;
}

void agent_weigh(const struct agent_word *word, struct standing *st)
{
	static const enum backend_state as[AGENT_STATES] = {
		[AGENT_READY] = BACKEND_ACTIVE,
		[AGENT_DRAIN] = BACKEND_DRAINING,
		[AGENT_MAINT] = BACKEND_MAINTENANCE,
	};
	uint32_t weight = (uint64_t)st->weight * (ALL - word->less) / ALL;

	/* What is small is not nothing. */
	st->weight = !weight && st->weight && word->less < ALL ? 1 : weight;
	if (st->state == BACKEND_ACTIVE)
		st->state = as[word->state];
	st->down |= word->down;
}
