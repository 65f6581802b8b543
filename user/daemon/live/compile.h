/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_COMPILE_H
#define XRING_DAEMON_LIVE_COMPILE_H

#include <stdint.h>

#include "core/place/compiled.h"

/*
 * The rules of services, compiled once: by the check of a change, which asks how many lines
 * of the prefix tables they need, and kept for the flush that applies it.
 */
struct live;
struct live_service;

/* One service's rules as they were compiled ahead of the flush. */
struct compiled_ahead {
	char name[NAME_BYTES];
	struct compiled compiled;
};

/* Compiles them as they would be with m, unless they are so already. *ret_lines: -ENOMEM. */
int live_compile_ahead(struct live *live, const struct model *m, const struct service *s,
		       uint32_t *ret_lines);
/* What was compiled ahead is not needed any more. */
void live_ahead_clear(struct live *live);

/* Makes *c those of the service in m; *ret_new: they are others than before. -ENOMEM. */
int live_compile(struct live *live, const struct live_service *ls, const struct model *m,
		 const struct service *s, struct compiled *c, bool *ret_new);

#endif
