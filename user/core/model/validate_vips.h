/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_VALIDATE_VIPS_H
#define XRING_CORE_MODEL_VALIDATE_VIPS_H

struct model;
struct model_error;
struct service;

/* The parts of model_validate() that are about VIPs. All return 0, -EINVAL or -ENOMEM. */
int vips_validate(const struct service *s, struct model_error *ret);

/* Has no address and port two meanings: as VIPs, as backends of one service, as sources of replies? */
int vips_differ_validate(const struct model *m, struct model_error *ret);

/* Has the datapath room for the lengths of networks and the blocks of ports? */
int vips_shapes_validate(const struct model *m, struct model_error *ret);

#endif
