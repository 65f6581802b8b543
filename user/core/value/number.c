// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

const char *digits_parse(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
		return NULL;
	for (; is_digit(*text); text++) {
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > max)
			return NULL;
	}
	*ret = (uint32_t)value;
	return text;
}

int unsigned_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	const char *end;
	uint32_t value;

	end = digits_parse(text, max, &value);
	if (!end || *end || value < min)
		return -EINVAL;
	*ret = value;
	return 0;
}

/*
 * A number with at most 3 decimals, in thousandths, whose whole part is at most max.
 * Returns what follows the number, or NULL.
 */
static const char *decimal_parse(const char *text, uint32_t max, uint64_t *ret)
{
	uint32_t whole, step = 1000;
	uint64_t value;

	text = digits_parse(text, max, &whole);
	if (!text)
		return NULL;
	value = (uint64_t)whole * step;
	if (*text == '.') {
		if (!is_digit(*++text))
			return NULL;
		for (; is_digit(*text) && step > 1; text++) {
			step /= 10;
			value += (uint64_t)(*text - '0') * step;
		}
	}
	*ret = value;
	return text;
}

int thousandths_parse(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t value;

	text = decimal_parse(text, max / 1000, &value);
	if (!text || *text || value < min || value > max)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

int weight_parse(const char *text, uint32_t *ret)
{
	return thousandths_parse(text, 0, WEIGHT_MAX, ret);
}

int share_parse(const char *text, uint32_t *ret)
{
	return thousandths_parse(text, 0, 1000, ret);
}

static const struct unit {
	const char *word;
	uint32_t ms;
} units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", 24 * 60 * 60 * 1000 },
};

/* The milliseconds of a unit; 0: no unit has that name. */
static uint32_t unit_parse(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(word, units[i].word))
			return units[i].ms;
	return 0;
}

int duration_parse(const char *text, uint32_t min_ms, uint32_t max_ms, uint32_t *ret_ms)
{
	uint64_t value, ms;
	uint32_t unit;

	text = decimal_parse(text, UINT32_MAX, &value);
	if (!text)
		return -EINVAL;
	unit = *text || value ? unit_parse(text) : 1;
	/*
	 * The whole part is compared first, because the product of value and unit might
	 * overflow.
	 */
	if (!unit || value / 1000 > max_ms / unit || value * unit % 1000)
		return -EINVAL;
	ms = value * unit / 1000;
	if (ms < min_ms || ms > max_ms)
		return -EINVAL;
	*ret_ms = (uint32_t)ms;
	return 0;
}

int vnodes_parse(const char *text, uint32_t *ret)
{
	return unsigned_parse(text, 1, VNODES_MAX, ret);
}

/* Prints thousandths, like 1, 2.5, 0.001; returns the length. */
static int decimal_print(uint64_t value, char *buf, size_t size)
{
	int len = snprintf(buf, size, "%llu.%03u", (unsigned long long)(value / 1000),
			   (unsigned)(value % 1000));

	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[--len] = '\0';
	return len;
}

const char *thousandths_print(uint32_t value, char buf[WEIGHT_TEXT])
{
	decimal_print(value, buf, WEIGHT_TEXT);
	return buf;
}

const char *weight_print(uint32_t weight, char buf[WEIGHT_TEXT])
{
	return thousandths_print(weight, buf);
}

const char *share_print(uint32_t share, char buf[WEIGHT_TEXT])
{
	return thousandths_print(share, buf);
}

/* Of two texts of the same length the text with the smaller unit is taken: 150m, not 2.5h. */
const char *duration_print(uint32_t ms, char buf[DURATION_TEXT])
{
	size_t shortest = DURATION_TEXT;

	snprintf(buf, DURATION_TEXT, "0s");
	for (size_t i = 0; ms && i < ARRAY_SIZE(units); i++) {
		uint64_t thousandths = (uint64_t)ms * 1000;
		char text[32];
		size_t len;

		if (thousandths % units[i].ms)
			continue;
		len = (size_t)decimal_print(thousandths / units[i].ms, text, sizeof(text));
		len += strlen(units[i].word);
		if (len >= shortest)
			continue;
		shortest = len;
		snprintf(buf, DURATION_TEXT, "%.*s%s", DURATION_TEXT - 4, text, units[i].word);
	}
	return buf;
}

uint32_t density_points(struct density d, uint32_t weight)
{
	uint64_t points = ((uint64_t)weight * d.vnodes + d.unit / 2) / d.unit;

	if (!points && weight)
		return 1;
	return (uint32_t)points;
}

uint32_t density_weight(struct density d, uint32_t points)
{
	return (uint32_t)((uint64_t)points * d.unit / d.vnodes);
}

uint32_t weight_points(uint32_t weight, uint32_t vnodes)
{
	return density_points((struct density){ vnodes, WEIGHT_ONE }, weight);
}
