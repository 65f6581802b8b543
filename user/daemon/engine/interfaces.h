/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_INTERFACES_H
#define XRING_DAEMON_ENGINE_INTERFACES_H

struct engine;
struct model;

/* Attaches the program to the model's interfaces that `before` did not have. Logs errors. */
void interfaces_attach(struct engine *e, const struct model *before);
/* The same, and detaches from interfaces that only `before` had. */
void interfaces_follow(struct engine *e, const struct model *before);

#endif
