/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MERGE_H
#define XRING_CORE_MODEL_MERGE_H

#include <stdbool.h>

struct model;
struct service;

/*
 * The three-way rule of a changed file: what differs between the file as it was
 * last loaded and as it is now is done to the running model; what commands
 * changed and the file did not, stays. running is replaced; -ENOMEM.
 */
int model_merge(struct model *running, const struct model *loaded, const struct model *file);

/* Are they one but for their backends? */
bool service_same_but_backends(const struct service *a, const struct service *b);

bool model_equal(const struct model *a, const struct model *b);

#endif
