// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/model/setting.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "core/model/text.h"
#include "core/model/tunnel_source.h"
#include "core/value/number.h"

#define SECOND_MS 1000u
#define MSS_MIN 536			/* what each host takes: RFC 9293, section 3.7.1 */
#define MSS_MAX (UINT16_MAX - 40)
#define HOUR_MS (60 * 60 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

_Static_assert(DURATION_TEXT <= SETTING_TEXT && WEIGHT_TEXT <= SETTING_TEXT &&
		       TUNNEL_SOURCE_TEXT <= SETTING_TEXT,
	       "a setting has room for the text of each kind");
_Static_assert(sizeof(enum all_down) == sizeof(uint32_t), "settings are of one size");
_Static_assert(sizeof(struct hot) == 6 * sizeof(uint32_t), "settings are of one size");
_Static_assert(sizeof(struct gue) == 2 * sizeof(uint32_t), "settings are of one size");
_Static_assert(HOT_SHARDS_MAX == 16383, "what is wanted of shards says it");

#define DURATION(name, min, max, want) \
	{ NULL, #name, want, offsetof(struct service, name##_ms), SETTING_DURATION, min, max }
#define WORD(name, first, second)                                              \
	{ NULL, #name, first " or " second, offsetof(struct service, name), SETTING_WORD, \
	  .words = { first, second } }
#define GUE(key, kind, want, ...) \
	{ "gue", #key, want, offsetof(struct service, gue.key), kind, ##__VA_ARGS__ }
#define HOT(key, member, kind, min, max, want) \
	{ "hot", key, want, offsetof(struct service, hot.member), kind, min, max }

/*
 * The settings of one group must stand next to each other: settings() returns a part of the
 * table.
 */
static const struct setting table[] = {
	{ NULL, "weight_unit", "1 to 1000 in steps of 0.001", offsetof(struct service, weight_unit),
	  SETTING_DECIMAL, WEIGHT_ONE, WEIGHT_MAX },
	DURATION(drain, 0, 7 * DAY_MS, "0s to 7d, as 90s or 15m"),
	DURATION(tcp_idle, SECOND_MS, DAY_MS, "1s to 24h, as 90s or 6m"),
	DURATION(udp_idle, SECOND_MS, HOUR_MS, "1s to 1h, as 30s or 1.5m"),
	DURATION(slow_start, 0, HOUR_MS, "0s to 1h, as 30s or 1.5m"),
	{ NULL, "panic", WANT_SHARE, offsetof(struct service, panic), SETTING_DECIMAL, 0, 1000 },
	{ NULL, "all_down", WANT_ALL_DOWN, offsetof(struct service, all_down), SETTING_ALL_DOWN },
	{ NULL, "bound", "1 to 100, as 1.25, or none", offsetof(struct service, bound),
	  SETTING_DECIMAL_OR_NONE, 1000, 100 * 1000 },
	{ NULL, "tunnel_source", WANT_TUNNEL_SOURCE, offsetof(struct service, tunnel_source),
	  SETTING_TUNNEL_SOURCE },
	{ NULL, "mss", "536 to 65495, or none", offsetof(struct service, mss), SETTING_COUNT_OR_WORD,
	  MSS_MIN, MSS_MAX, { "none" } },
	WORD(too_big, "answer", "drop"),
	WORD(dscp, "copy", "zero"),
	GUE(variant, SETTING_WORD, "0, 1 or default", .words = { "default", "0", "1" }),
	GUE(port, SETTING_COUNT_OR_WORD, "1 to 65535, or default", 1, UINT16_MAX, { "default" }),
	HOT("factor", factor, SETTING_DECIMAL, 1000, 10000 * 1000,
	    "1 to 10000 in steps of 0.001"),
	HOT("floor", floor, SETTING_DECIMAL, 0, 1000, WANT_SHARE),
	HOT("hold", hold_ms, SETTING_DURATION, 0, DAY_MS, "0s to 24h, as 60s or 15m"),
	HOT("shards", shards, SETTING_COUNT, 1, HOT_SHARDS_MAX, "1 to 16383"),
	HOT("auto", split, SETTING_FLAG, 0, 1, "true or false"),
	HOT("proven", proven, SETTING_FLAG, 0, 1, "true or false"),
};

/* ---- the table ---- */

static bool is_of(const struct setting *f, const char *group)
{
	return group ? f->group && !strcmp(f->group, group) : !f->group;
}

const struct setting *settings_all(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(table);
	return table;
}

const struct setting *settings(const char *group, size_t *ret_count)
{
	size_t first = 0, end;

	while (first < ARRAY_SIZE(table) && !is_of(&table[first], group))
		first++;
	for (end = first; end < ARRAY_SIZE(table) && is_of(&table[end], group);)
		end++;
	*ret_count = end - first;
	return table + first;
}

const struct setting *setting_find(const char *group, const char *key)
{
	size_t count;
	const struct setting *all = settings(group, &count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(key, all[i].key))
			return &all[i];
	return NULL;
}

/* ---- one value ---- */

static int parse_decimal_or_none(const struct setting *f, const char *text, uint32_t *ret)
{
	if (strcmp(text, "none"))
		return thousandths_parse(text, f->min, f->max, ret);
	*ret = 0;
	return 0;
}

static int parse_flag(const char *text, uint32_t *ret)
{
	bool yes = !strcmp(text, "true");

	if (!yes && strcmp(text, "false"))
		return -EINVAL;
	*ret = yes;
	return 0;
}

static int parse_word(const struct setting *f, const char *text, uint32_t *ret)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(f->words) && f->words[i]; i++) {
		if (strcmp(text, f->words[i]))
			continue;
		*ret = i;
		return 0;
	}
	return -EINVAL;
}

static int parse_all_down(const char *text, uint32_t *ret)
{
	enum all_down all_down;
	int err = all_down_parse(text, &all_down);

	if (!err)
		*ret = all_down;
	return err;
}

static int parse_value(const struct setting *f, const char *text, uint32_t *ret)
{
	switch (f->kind) {
	case SETTING_DURATION:
		return duration_parse(text, f->min, f->max, ret);
	case SETTING_DECIMAL:
		return thousandths_parse(text, f->min, f->max, ret);
	case SETTING_DECIMAL_OR_NONE:
		return parse_decimal_or_none(f, text, ret);
	case SETTING_COUNT:
		return unsigned_parse(text, f->min, f->max, ret);
	case SETTING_COUNT_OR_WORD:
		if (strcmp(text, f->words[0]))
			return unsigned_parse(text, f->min, f->max, ret);
		*ret = 0;
		return 0;
	case SETTING_FLAG:
		return parse_flag(text, ret);
	case SETTING_WORD:
		return parse_word(f, text, ret);
	case SETTING_ALL_DOWN:
		return parse_all_down(text, ret);
	case SETTING_TUNNEL_SOURCE:
		return tunnel_source_parse(text, ret);
	}
	return -EINVAL;
}

static const char *print_text(const char *text, char buf[SETTING_TEXT])
{
	snprintf(buf, SETTING_TEXT, "%s", text);
	return buf;
}

const char *setting_print(const struct setting *f, const struct service *s,
			  char buf[SETTING_TEXT])
{
	uint32_t value = setting_value(f, s);

	switch (f->kind) {
	case SETTING_DURATION:
		return duration_print(value, buf);
	case SETTING_DECIMAL_OR_NONE:
		if (!value)
			return print_text("none", buf);
		return thousandths_print(value, buf);
	case SETTING_DECIMAL:
		return thousandths_print(value, buf);
	case SETTING_COUNT_OR_WORD:
		if (!value)
			return print_text(f->words[0], buf);
		/* fall through */
	case SETTING_COUNT:
		snprintf(buf, SETTING_TEXT, "%u", value);
		return buf;
	case SETTING_FLAG:
		return print_text(value ? "true" : "false", buf);
	case SETTING_WORD:
		return print_text(f->words[value], buf);
	case SETTING_ALL_DOWN:
		return print_text(all_down_print((enum all_down)value), buf);
	case SETTING_TUNNEL_SOURCE:
		return tunnel_source_print(value, buf);
	}
	return print_text("", buf);
}

/* ---- a setting of a service ---- */

uint32_t setting_value(const struct setting *f, const struct service *s)
{
	uint32_t value;

	memcpy(&value, (const char *)s + f->offset, sizeof(value));
	return value;
}

static void set_value(const struct setting *f, struct service *s, uint32_t value)
{
	memcpy((char *)s + f->offset, &value, sizeof(value));
}

int setting_parse(const struct setting *f, const char *text, struct service *s)
{
	uint32_t value;
	int err = parse_value(f, text, &value);

	if (!err)
		set_value(f, s, value);
	return err;
}

bool setting_equal(const struct setting *f, const struct service *a, const struct service *b)
{
	return setting_value(f, a) == setting_value(f, b);
}

void setting_copy(const struct setting *f, const struct service *from, struct service *to)
{
	set_value(f, to, setting_value(f, from));
}

/* ---- a whole group in one text ---- */

__attribute__((format(printf, 2, 3)))
static int wrong(struct why *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	why_set_va(why, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int unknown_key(const char *group, const char *key, struct why *why)
{
	char want[256] = "";
	size_t count, len = 0;
	const struct setting *all = settings(group, &count);

	for (size_t i = 0; i < count && len < sizeof(want); i++)
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%s",
					!i ? "" : i + 1 < count ? ", " : " or ", all[i].key);
	return wrong(why, "%s key %.64s: want %s", group, key, want);
}

/*
 * Parses one KEY=VALUE; writes a NUL over the equals sign. seen: the keys so far, a bit for
 * each row of the table.
 */
static int parse_pair(const char *group, char *pair, struct service *s, unsigned *seen,
		      struct why *why)
{
	char *value = strchr(pair, '=');
	const struct setting *f;
	unsigned bit;

	if (!value)
		return wrong(why, "%s %.64s: want KEY=VALUE", group, pair);
	*value++ = '\0';
	f = setting_find(group, pair);
	if (!f)
		return unknown_key(group, pair, why);
	bit = 1u << (f - table);
	if (*seen & bit)
		return wrong(why, "%s %s: want it once", group, f->key);
	*seen |= bit;
	if (setting_parse(f, value, s))
		return wrong(why, "%s %s %.64s: want %s", group, f->key, value, f->want);
	return 0;
}

int settings_parse(const char *group, const char *text, struct service *s,
		   struct why *why)
{
	_free_ char *copy = strdup(text);
	struct service next = *s;
	char *rest = copy, *part;
	unsigned seen = 0;

	if (!copy)
		return wrong(why, "out of memory");
	while ((part = strsep(&rest, ",")))
		if (parse_pair(group, part, &next, &seen, why))
			return -EINVAL;
	*s = next;
	return 0;
}
