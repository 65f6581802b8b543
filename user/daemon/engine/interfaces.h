/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_INTERFACES_H
#define XRING_DAEMON_ENGINE_INTERFACES_H

struct engine;
struct model;

/* Follows this host's network devices: the datapath knows their indexes and MAC addresses. */
int interfaces_open(struct engine *e);
void interfaces_close(struct engine *e);
/* Tells the datapath what the model says of interfaces and what the host has. Logs errors. */
void interfaces_write(struct engine *e);

/* Attaches the program to the model's interfaces, and looks at them from then on. */
int interfaces_start(struct engine *e);
/*
 * After another model has come from a source: detaches from interfaces that only `before` had, and
 * attaches to those that the model has. Logs errors.
 */
void interfaces_follow(struct engine *e, const struct model *before);

#endif
