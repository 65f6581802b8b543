// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/name.h"

#include <string.h>

#include "core/value/number.h"

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool name_valid(const char *text)
{
	size_t len = strnlen(text, NAME_BYTES);

	if (len == NAME_BYTES || !is_alnum(text[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(text[i]) && !strchr("._:-", text[i]))
			return false;
	return true;
}
