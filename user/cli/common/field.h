/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_FIELD_H
#define XRING_CLI_COMMON_FIELD_H

#include <jansson.h>

/*
 * Fields of an answer; a missing field, and one of another kind than wanted, is "" or 0: what
 * answers on the socket may be anybody, and must not crash the command.
 */
static inline const char *item_text(const json_t *item)
{
	return json_string_value(item) ?: "";
}

static inline const char *text(const json_t *json, const char *key)
{
	return item_text(json_object_get(json, key));
}

static inline long long number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static inline double real(const json_t *json, const char *key)
{
	return json_number_value(json_object_get(json, key));
}

static inline double percent(const json_t *json, const char *key)
{
	return 100 * real(json, key);
}

#endif
