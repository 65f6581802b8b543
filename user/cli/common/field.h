/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_COMMON_FIELD_H
#define XRING_CLI_COMMON_FIELD_H

#include <jansson.h>

/* Fields of an answer; a missing field is "" or 0. */
static inline const char *text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key)) ?: "";
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
