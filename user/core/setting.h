/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_SETTING_H
#define XRING_SETTING_H

#include "core/model.h"

/*
 * The keys of a service that are one number or word with a default: drain,
 * tcp_idle, udp_idle, slow_start, panic and all_down. One table of them serves
 * the file, the requests, the options of commands and what is shown.
 */
#define SETTING_TEXT 16

struct setting {
	const char *key;
	const char *want;
	size_t offset;			/* of its uint32_t in struct service */
	int (*parse)(const struct setting *f, const char *text, uint32_t *ret);
	const char *(*print)(uint32_t value, char buf[SETTING_TEXT]);
	uint32_t min, max;		/* of the durations */
};

const struct setting *settings(size_t *ret_count);
const struct setting *setting_find(const char *key);	/* NULL: none of that name */

/* -EINVAL, with s untouched: want is f->want. */
int setting_parse(const struct setting *f, const char *text, struct service *s);
const char *setting_print(const struct setting *f, const struct service *s,
			  char buf[SETTING_TEXT]);
bool setting_equal(const struct setting *f, const struct service *a, const struct service *b);
void setting_copy(const struct setting *f, const struct service *from, struct service *to);

#endif
