/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_INGRESS_H
#define XRING_DAEMON_LIVE_INGRESS_H

struct live;
struct model;


/* Doors get their numbers, of m; before classes_prepare(). The datapath knows them later. */
void live_ingresses_set(struct live *live, const struct model *m);
void live_ingresses_write(struct live *live);
void live_ingresses_adopt(struct live *live, const struct model *m);

#endif
