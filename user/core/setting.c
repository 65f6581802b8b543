// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "core/text.h"

#define SECOND_MS 1000u
#define HOUR_MS (60 * 60 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

_Static_assert(DURATION_TEXT <= SETTING_TEXT && WEIGHT_TEXT <= SETTING_TEXT,
	       "a setting has room for the text of each kind");
_Static_assert(sizeof(enum all_down) == sizeof(uint32_t), "settings are of one size");

static int parse_duration(const struct setting *f, const char *text, uint32_t *ret)
{
	return duration_parse(text, f->min, f->max, ret);
}

static int parse_share(const struct setting *f, const char *text, uint32_t *ret)
{
	(void)f;
	return share_parse(text, ret);
}

static int parse_all_down(const struct setting *f, const char *text, uint32_t *ret)
{
	enum all_down all_down;
	int err = all_down_parse(text, &all_down);

	(void)f;
	if (!err)
		*ret = all_down;
	return err;
}

static const char *print_all_down(uint32_t value, char buf[SETTING_TEXT])
{
	snprintf(buf, SETTING_TEXT, "%s", all_down_print((enum all_down)value));
	return buf;
}

#define DURATION(name, min, max, want) \
	{ #name, want, offsetof(struct service, name##_ms), parse_duration, duration_print, \
	  min, max }

static const struct setting table[] = {
	DURATION(drain, 0, 7 * DAY_MS, "0s to 7d, as 90s or 15m"),
	DURATION(tcp_idle, SECOND_MS, 24 * HOUR_MS, "1s to 24h, as 90s or 6m"),
	DURATION(udp_idle, SECOND_MS, HOUR_MS, "1s to 1h, as 30s or 1.5m"),
	DURATION(slow_start, 0, HOUR_MS, "0s to 1h, as 30s or 1.5m"),
	{ "panic", WANT_SHARE, offsetof(struct service, panic), parse_share, share_print },
	{ "all_down", WANT_ALL_DOWN, offsetof(struct service, all_down), parse_all_down,
	  print_all_down },
};

const struct setting *settings(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(table);
	return table;
}

const struct setting *setting_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strcmp(key, table[i].key))
			return &table[i];
	return NULL;
}

static uint32_t value_of(const struct setting *f, const struct service *s)
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
	int err = f->parse(f, text, &value);

	if (!err)
		set_value(f, s, value);
	return err;
}

const char *setting_print(const struct setting *f, const struct service *s,
			  char buf[SETTING_TEXT])
{
	return f->print(value_of(f, s), buf);
}

bool setting_equal(const struct setting *f, const struct service *a, const struct service *b)
{
	return value_of(f, a) == value_of(f, b);
}

void setting_copy(const struct setting *f, const struct service *from, struct service *to)
{
	set_value(f, to, value_of(f, from));
}
