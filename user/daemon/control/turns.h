/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_TURNS_H
#define XRING_DAEMON_CONTROL_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/view/list.h"

/*
 * A long answer, made in turns of the loop. The services are those that there were when it was asked
 * for; one that goes meanwhile is left out from there on.
 */
struct answer;
struct buffer;
struct service;
struct turns;

/*
 * Makes the answer a list of all services, or of `only` and its backends. alone: that service, which is
 * not NULL, is no list but the answer itself. Takes the list's members. 0, or -EINVAL with the answer
 * filled.
 */
int turns_begin(struct answer *a, const struct engine *e, const struct view_list *list,
		const struct service *only, bool alone);

/*
 * Appends the next pieces of the answer, some hundred at most, for so many ns and one at least; the last
 * is the end of the line. 1: that was it; 0: there is more; -ENOMEM.
 */
int turns_more(struct turns *t, struct buffer *to, uint64_t ns);
void turns_free(struct turns *t);	/* t may be NULL */

#endif
