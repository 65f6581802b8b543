/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_LOAD_H
#define XRING_DAEMON_ENGINE_LOAD_H

#include <stddef.h>

struct change;
struct engine;
struct model;
struct why;


/*
 * What a source of the configuration says: its name, for messages and as the place of the
 * files that it names, its text, and the model that the text is.
 */
struct source_text {
	const char *name;
	const char *text;
	size_t len;
	const struct model *model;
};

/*
 * The difference to what the source said when it was last loaded is done to the model that
 * runs; what commands changed and the source did not, stays. Attaches and detaches
 * interfaces. Logs.
 */
int engine_load(struct engine *e, const struct source_text *source);

/* Makes the source's model the one that runs, whatever commands changed. */
int engine_replace(struct engine *e, const struct model *m, const struct change *change,
		   struct why *why);

/* The source says the model that runs: what it says now counts as loaded. */
int engine_loaded(struct engine *e, const struct source_text *source);

/*
 * The model that would run: what the source says, with what commands changed since it was
 * last loaded. -ENOMEM.
 */
int engine_merge(struct engine *e, const struct source_text *source, struct model *ret);

#endif
