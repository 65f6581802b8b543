/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_INTERFACES_H
#define XRING_DAEMON_ENGINE_INTERFACES_H

struct engine;
struct model;


/* Attaches to the model's interfaces that `before` did not have. Logs. */
void interfaces_attach(struct engine *e, const struct model *before);
/* And detaches from those that it has no more. */
void interfaces_follow(struct engine *e, const struct model *before);

#endif
