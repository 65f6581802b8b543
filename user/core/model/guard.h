/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_GUARD_H
#define XRING_CORE_MODEL_GUARD_H

struct model;
struct why;

/*
 * Does `next` take so much away from the model that runs that it may be half a file: every
 * service, or more than half of the backends of a service that stays? A service that goes as a whole
 * while others stay is an ordinary change. -EPERM with the sentence in *why; 0: it does not, or says
 * `reload_guard: false`.
 */
int model_guard(const struct model *running, const struct model *next, struct why *why);

#endif
