/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_POINTS_H
#define XRING_CORE_MODEL_POINTS_H

#include <stdint.h>

struct model;
struct service;
struct why;

/* The points (virtual nodes) that the services' weights make, and a weight_unit that makes fewer. */

#define UNIT_TEXT 48

/*
 * Does the service make more than `most` points? -EINVAL with the reason and, where a weight_unit
 * would help, with that.
 */
int service_points_check(const struct service *s, uint32_t most, struct why *why);

/*
 * Tries units for all services of the model that have a lower one, from the lowest weight on: to
 * begin with it, and then the round numbers above, as long as the lowest weight keeps enough
 * points to stand in its proportion. `fits` is asked of a copy of the model. Returns the first unit
 * that fits, in thousandths, or 0.
 */
uint32_t unit_that_fits(const struct model *m, int (*fits)(const struct model *m, void *context),
			void *context);
/* ", or weight_unit: 100" for a unit that helps, "" for 0. */
const char *unit_advice(uint32_t unit, char buf[UNIT_TEXT]);

#endif
