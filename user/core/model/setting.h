/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_SETTING_H
#define XRING_CORE_MODEL_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct service;
struct why;

/*
 * The keys of a service that are a single number or word with a default: drain, tcp_idle,
 * udp_idle, slow_start, panic, all_down, bound, too_big and the like, and the keys of its mappings `gue` and `hot`. One
 * table (setting.c) serves the configuration file, the requests, the command's options and
 * what is shown.
 */
#define SETTING_TEXT 24

enum setting_kind {
	SETTING_DURATION,		/* in ms */
	SETTING_DECIMAL,		/* in thousandths */
	SETTING_DECIMAL_OR_NONE,	/* in thousandths, or none: 0, which is below min */
	SETTING_COUNT,
	SETTING_FLAG,			/* 1: true, 0: false */
	SETTING_COUNT_OR_WORD,		/* 0: the first of `words`, which is below min */
	SETTING_WORD,			/* one of some, by its number in `words` */
	SETTING_ALL_DOWN,
	SETTING_TUNNEL_SOURCE,
};

struct setting {
	const char *group;	/* the mapping that the key is in; NULL: the service itself */
	const char *key;
	const char *want;		/* what a value must be, for messages */
	size_t offset;			/* of the setting's uint32_t in struct service */
	enum setting_kind kind;
	uint32_t min, max;		/* limits of the numeric kinds */
	const char *words[3];		/* NULL: there are fewer */
};

/* All settings; and the settings of one group, or for NULL those without a group. */
const struct setting *settings_all(size_t *ret_count);
const struct setting *settings(const char *group, size_t *ret_count);
/* NULL: there is no such setting */
const struct setting *setting_find(const char *group, const char *key);

/* Sets a setting of s. -EINVAL, with s untouched: the text is not what f->want says. */
int setting_parse(const struct setting *f, const char *text, struct service *s);
const char *setting_print(const struct setting *f, const struct service *s,
			  char buf[SETTING_TEXT]);
uint32_t setting_value(const struct setting *f, const struct service *s);
bool setting_equal(const struct setting *f, const struct service *a, const struct service *b);
void setting_copy(const struct setting *f, const struct service *from, struct service *to);

/*
 * Parses KEY=VALUE[,KEY=VALUE]... of a group; keys that are not named keep their values.
 * -EINVAL with *why, and s untouched.
 */
int settings_parse(const char *group, const char *text, struct service *s,
		   struct why *why);

#endif
