/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_VALIDATE_PLACEMENT_H
#define XRING_CORE_MODEL_VALIDATE_PLACEMENT_H

struct model;
struct model_error;


/* The part of model_validate() that is about regions, interfaces, rules and schedules. */
int placement_validate(const struct model *m, struct model_error *ret);	/* 0 or -EINVAL */

#endif
