// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/scan.h"

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "conf/yaml.h"

/* levels of brackets; the schema needs 6 */
#define DEPTH_MAX 64

/* The number of bytes of the UTF-8 character (RFC 3629) at s; 0: no character is there. */
static size_t utf8_len(const uint8_t *s, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc0 || s[0] >= 0xf8 || len > left)
		return 0;
	code = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

static bool is_control(uint8_t c)
{
	return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/*
 * How many brackets are open after character c. Brackets in quotes count too: those of an
 * IPv6 VIP close again, so that no valid file is refused. Brackets in comments may be of
 * any number.
 */
static size_t depth_after(size_t depth, uint8_t c)
{
	if (c == '[' || c == '{')
		return depth + 1;
	if ((c == ']' || c == '}') && depth)
		return depth - 1;
	return depth;
}

int scan_text(const char *name, const char *text, size_t len, struct why *err)
{
	const uint8_t *s = (const uint8_t *)text;
	struct location at = { 1, 1 };
	bool comment = false, blank = true;
	size_t depth = 0, step;

	for (size_t i = 0; i < len; i += step) {
		step = utf8_len(s + i, len - i);
		if (!step)
			return location_fail(err, name, at, "byte 0x%02x: want UTF-8", s[i]);
		if (is_control(s[i]))
			return location_fail(err, name, at, "control character 0x%02x: want text",
					  s[i]);
		if (blank && s[i] == '#')
			comment = true;
		if (!comment)
			depth = depth_after(depth, s[i]);
		if (depth > DEPTH_MAX)
			return location_fail(err, name, at, "%zu open brackets: want at most %u",
					  depth, DEPTH_MAX);
		blank = s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r';
		at.column++;
		if (s[i] == '\n') {
			at = (struct location){ at.line + 1, 1 };
			comment = false;
		}
	}
	return 0;
}
