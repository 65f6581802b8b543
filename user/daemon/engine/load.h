/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_LOAD_H
#define XRING_DAEMON_ENGINE_LOAD_H

#include <stddef.h>

struct change;
struct engine;
struct model;
struct why;

/*
 * What a source of the configuration says: its name (for messages; its directory is that of
 * the files that it names), its text, and the model of that text.
 */
struct source_text {
	const char *name;
	const char *text;
	size_t len;
	const struct model *model;
};

/*
 * Is the source cut off? It ended in the mark of conf_ends() when it was last loaded, and does not
 * now. -EPERM with the sentence in *why.
 */
int engine_cut_off(const struct engine *e, const struct source_text *source, struct why *why);

/*
 * Applies to the model that runs what the source says differently from when it was last
 * loaded; what commands changed and the source did not stays. Attaches and detaches
 * interfaces. Refuses what is cut off or takes much away, and all that engine_check() refuses.
 */
int engine_load(struct engine *e, const struct source_text *source, struct why *why);

/* Makes m the model that runs, whatever commands changed, and attaches and detaches interfaces. */
int engine_replace(struct engine *e, const struct model *m, const struct change *change,
		   struct why *why);

/* The model that runs is what the source says: remembers its text and model as loaded. */
int engine_loaded(struct engine *e, const struct source_text *source);

/*
 * The model that would run after engine_load(): what the source says, with what commands
 * changed since it was last loaded. 0 or -ENOMEM.
 */
int engine_merge(struct engine *e, const struct source_text *source, struct model *ret);

#endif
