/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TALK_NAMES_H
#define XRING_TALK_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "talk.h"

/* The servers that were heard of, by small numbers; -1 is none. */
#define NAMES_MAX 1024

struct names {
	struct {
		char name[NAME_MAX_BYTES];
		bool dead, expected;
		unsigned long flows;
	} all[NAMES_MAX];
	size_t count;
	bool only_expected;
};

/* The number of a name, new or not; -1: it is none, or not expected. */
int name_find(struct names *n, const char *name, size_t len);
const char *name_of(const struct names *n, int name);
void names_expect(struct names *n, const char *path);	/* those of the file, and no others */

void name_set_dead(struct names *n, const char *name, bool dead);
bool name_is_dead(const struct names *n, int name);
bool names_any_dead(const struct names *n);

/* {"b1":3,"b2":4}: flows that live there, or that came there. */
void names_count_reset(struct names *n);
void name_counts(struct names *n, int name);
void names_print(const struct names *n);

#endif
