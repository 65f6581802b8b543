/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_DESCRIBE_H
#define XRING_DAEMON_ENGINE_DESCRIBE_H

struct engine;
struct model;
struct service;

/* A model of this service of m alone, as YAML; NULL: no memory. */
char *service_yaml(const struct engine *e, const struct model *m, const struct service *s);

#endif
