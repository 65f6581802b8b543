/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_EDIT_H
#define XRING_DAEMON_CONTROL_EDIT_H

#include <jansson.h>

struct answer;
struct model;

/* Edits of a copy of the model, which engine_change() then accepts as a whole or not at all. */
typedef int (*edit_fn)(struct model *m, const json_t *request, struct answer *a);

int edit_service_add(struct model *m, const json_t *request, struct answer *a);
int edit_service_set(struct model *m, const json_t *request, struct answer *a);
int edit_service_del(struct model *m, const json_t *request, struct answer *a);
int edit_backend_add(struct model *m, const json_t *request, struct answer *a);
int edit_backend_set(struct model *m, const json_t *request, struct answer *a);
int edit_backend_del(struct model *m, const json_t *request, struct answer *a);
int edit_drain(struct model *m, const json_t *request, struct answer *a);
int edit_maintenance(struct model *m, const json_t *request, struct answer *a);
int edit_active(struct model *m, const json_t *request, struct answer *a);
int edit_attach(struct model *m, const json_t *request, struct answer *a);
int edit_detach(struct model *m, const json_t *request, struct answer *a);

#endif
