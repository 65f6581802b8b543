/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_COMPILE_H
#define XRING_DAEMON_LIVE_COMPILE_H

#include <stdint.h>

#include "core/place/compiled.h"

/*
 * The rules of services are compiled once: the check of a change compiles them, to know how
 * many lines of the prefix tables they need, and keeps the result for the flush that applies
 * it.
 */
struct live;
struct live_service;
struct targets;

/* One service's rules, compiled before the flush. */
struct compiled_ahead {
	char name[NAME_BYTES];
	struct compiled compiled;
};

#define HOME_LINES 4u		/* of prefix tables, for each network that may get a home */

/* Would the rules of s in model m tell clients apart? */
bool live_rules_many(const struct live *live, const struct model *m, const struct service *s);

/*
 * The targets of s in model m: as they were last applied, or compiled ahead of the flush. They
 * are valid until this is called for another service, or the flush. -ENOMEM.
 */
int live_targets(struct live *live, const struct model *m, const struct service *s,
		 const struct targets **ret);

/* Frees everything that was compiled ahead. */
void live_ahead_clear(struct live *live);

/* Makes *c the compiled rules of s in model m; *ret_new: they differ from before. 0 or -ENOMEM. */
int live_compile(struct live *live, const struct live_service *ls, const struct model *m,
		 const struct service *s, struct compiled *c, bool *ret_new);

#endif
