/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_INGRESS_H
#define XRING_DAEMON_LIVE_INGRESS_H

struct live;
struct model;

/*
 * Gives the interfaces of m their ingress numbers, in live->ingresses; before
 * classes_prepare(). live_ingresses_write() tells the datapath, after the classes are in the
 * maps. live_ingresses_adopt() takes over the numbers that the maps hold.
 */
void live_ingresses_set(struct live *live, const struct model *m);
void live_ingresses_write(struct live *live);
void live_ingresses_adopt(struct live *live, const struct model *m);

#endif
