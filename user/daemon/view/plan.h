/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_VIEW_PLAN_H
#define XRING_DAEMON_VIEW_PLAN_H

#include "daemon/control/verbs.h"

/*
 * What the change to this model would do, as `xring plan` shows it; text is what
 * the hash is of, beside the running state. NULL: no memory.
 */
json_t *plan_model(const struct engine *e, const struct model *to, const char *text, size_t len);

int plan_verb(struct engine *e, const json_t *request, struct answer *a);
int apply_verb(struct engine *e, const json_t *request, struct answer *a);

#endif
