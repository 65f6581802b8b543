/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_SETTING_H
#define XRING_CORE_MODEL_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct service;
struct why;

/*
 * The keys of a service that are one number or word with a default: drain,
 * tcp_idle, udp_idle, slow_start, panic, all_down and bound, and those of its
 * mapping `hot`. One table of them serves the file, the requests, the options of
 * commands and what is shown.
 */
#define SETTING_TEXT 16

enum setting_kind {
	SETTING_DURATION,		/* in ms */
	SETTING_DECIMAL,		/* in thousandths */
	SETTING_DECIMAL_OR_NONE,	/* the same; none is 0, which is below min */
	SETTING_COUNT,
	SETTING_FLAG,			/* 1: true, 0: false */
	SETTING_ALL_DOWN,
};

struct setting {
	const char *group;		/* the mapping that it is in; NULL: none */
	const char *key;
	const char *want;
	size_t offset;			/* of its uint32_t in struct service */
	enum setting_kind kind;
	uint32_t min, max;		/* of the numbers */
};

/* All; and those of one group, NULL: that are in none. */
const struct setting *settings_all(size_t *ret_count);
const struct setting *settings(const char *group, size_t *ret_count);
/* NULL: none of that name */
const struct setting *setting_find(const char *group, const char *key);

/* -EINVAL, with s untouched: want is f->want. */
int setting_parse(const struct setting *f, const char *text, struct service *s);
const char *setting_print(const struct setting *f, const struct service *s,
			  char buf[SETTING_TEXT]);
uint32_t setting_value(const struct setting *f, const struct service *s);
bool setting_equal(const struct setting *f, const struct service *a, const struct service *b);
void setting_copy(const struct setting *f, const struct service *from, struct service *to);

/*
 * KEY=VALUE[,KEY=VALUE]... of a group; a key that is not named stays as it is.
 * -EINVAL with a message, and s untouched.
 */
int settings_parse(const char *group, const char *text, struct service *s,
		   struct why *why);

#endif
