/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MERGE_H
#define XRING_CORE_MODEL_MERGE_H

#include <stdbool.h>

struct model;
struct service;

/*
 * The three-way merge of a changed file. What differs between the file as it was last
 * loaded and the file as it is now is applied to the running model; what commands changed
 * and the file did not, stays. *running is replaced; -ENOMEM, with *running untouched.
 */
int model_merge(struct model *running, const struct model *loaded, const struct model *file);

/* Are two services equal, their backends left aside? */
bool service_same_but_backends(const struct service *a, const struct service *b);

/* Have two services the same VIPs, in the same order? */
bool vips_equal(const struct service *a, const struct service *b);

bool model_equal(const struct model *a, const struct model *b);

#endif
