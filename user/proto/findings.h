/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_PROTO_FINDINGS_H
#define XRING_PROTO_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * The answer of the verb "doctor", for people: a line for each finding, below it what helps, and at the end
 * what is well.
 */
struct findings_choice {
	const char *device;		/* findings about that device alone; NULL: all */
	bool strict;			/* warnings count as well */
	bool fixes;			/* prints the shell commands alone, one a line */
};

/* Was something found that counts: a failure, or a warning if `strict`? */
bool findings_count(const json_t *data, const struct findings_choice *choice);
void findings_print(FILE *to, const json_t *data, const struct findings_choice *choice);

#endif
