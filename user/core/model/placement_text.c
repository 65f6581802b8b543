// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "core/model/placement.h"
#include "core/model/text.h"

/* If text begins with the word, returns what follows the word; else NULL. */
static const char *behind(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) ? NULL : text + len;
}

int constraint_parse(const char *text, struct constraint *ret)
{
	struct constraint c = { .required = *text == '+' };
	const char *value;

	if (*text != '+' && *text != '-')
		return -EINVAL;
	value = behind(text + 1, "region=");
	if (!value) {
		value = behind(text + 1, "tag=");
		c.tag = true;
	}
	if (!value || !name_valid(value))
		return -EINVAL;
	strcpy(c.value, value);
	*ret = c;
	return 0;
}

const char *constraint_print(const struct constraint *c, char buf[CONSTRAINT_TEXT])
{
	snprintf(buf, CONSTRAINT_TEXT, "%c%s=%s", c->required ? '+' : '-',
		 c->tag ? "tag" : "region", c->value);
	return buf;
}

static const char *const strategies[] = {
	[STRATEGY_NONE] = "none",
	[STRATEGY_GLOBAL] = "global",
	[STRATEGY_REGIONAL] = "regional",
	[STRATEGY_GEO] = "geo",
};

int strategy_parse(const char *text, enum strategy *ret)
{
	for (size_t i = STRATEGY_GLOBAL; i < ARRAY_SIZE(strategies); i++)
		if (!strcmp(text, strategies[i])) {
			*ret = (enum strategy)i;
			return 0;
		}
	return -EINVAL;
}

const char *strategy_print(enum strategy strategy)
{
	return strategies[strategy];
}

static const char *const spillovers[] = {
	[SPILLOVER_NONE] = "none",
	[SPILLOVER_WATERFALL] = "waterfall",
	[SPILLOVER_SPRAY] = "spray",
};

int spillover_parse(const char *text, enum spillover *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(spillovers); i++) {
		if (strcmp(text, spillovers[i]))
			continue;
		*ret = (enum spillover)i;
		return 0;
	}
	return -EINVAL;
}

const char *spillover_print(enum spillover mode)
{
	return spillovers[mode];
}
