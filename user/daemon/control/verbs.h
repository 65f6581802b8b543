/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_VERBS_H
#define XRING_DAEMON_CONTROL_VERBS_H

#include <stddef.h>

#include "daemon/control/edit.h"

struct answer;
struct daemon;
struct later;
struct parts;

/*
 * Answers one request line with one line (proto/proto.h), which the caller frees. *parts: what
 * the lines before left for this one (control/parts.h); NULL at first. NULL: no memory; or the
 * answer comes later, where ret_later is not NULL and says how (control/socket.h).
 */
char *verbs_answer(struct daemon *d, struct parts **parts, const char *line, size_t len,
		   struct later *ret_later);

/*
 * The verbs that are more than an edit of the model (verbs.c has the table of all verbs).
 * Each fills the answer, and returns 0 or -EINVAL.
 */
typedef int (*verb_fn)(struct daemon *d, const json_t *request, struct answer *a);

/* show.c */
int verb_status(struct daemon *d, const json_t *request, struct answer *a);
int verb_tell(struct daemon *d, const json_t *request, struct answer *a);
int verb_doctor(struct daemon *d, const json_t *request, struct answer *a);
int verb_stats(struct daemon *d, const json_t *request, struct answer *a);
int verb_top(struct daemon *d, const json_t *request, struct answer *a);
int verb_services(struct daemon *d, const json_t *request, struct answer *a);
int verb_backends(struct daemon *d, const json_t *request, struct answer *a);
int verb_ring(struct daemon *d, const json_t *request, struct answer *a);
int verb_lookup(struct daemon *d, const json_t *request, struct answer *a);
int verb_flows(struct daemon *d, const json_t *request, struct answer *a);
int verb_drops(struct daemon *d, const json_t *request, struct answer *a);
int verb_events(struct daemon *d, const json_t *request, struct answer *a);

/* placement.c */
int verb_placement(struct daemon *d, const json_t *request, struct answer *a);
int verb_forecast(struct daemon *d, const json_t *request, struct answer *a);
int verb_explain(struct daemon *d, const json_t *request, struct answer *a);
int verb_audit(struct daemon *d, const json_t *request, struct answer *a);
int verb_homes(struct daemon *d, const json_t *request, struct answer *a);

/* hot.c */
int verb_hot(struct daemon *d, const json_t *request, struct answer *a);
int verb_hot_shards(struct daemon *d, const json_t *request, struct answer *a);
int verb_hot_split(struct daemon *d, const json_t *request, struct answer *a);
int verb_hot_pin(struct daemon *d, const json_t *request, struct answer *a);
int verb_hot_exempt(struct daemon *d, const json_t *request, struct answer *a);
int verb_hot_clear(struct daemon *d, const json_t *request, struct answer *a);

/* changes.c */
int verb_changes(struct daemon *d, const json_t *request, struct answer *a);
int verb_change_show(struct daemon *d, const json_t *request, struct answer *a);
int verb_change_cancel(struct daemon *d, const json_t *request, struct answer *a);

/* plan.c */
int verb_plan(struct daemon *d, const json_t *request, struct answer *a);
int verb_apply(struct daemon *d, const json_t *request, struct answer *a);

/* interfaces.c */
int verb_attach(struct daemon *d, const json_t *request, struct answer *a);
int verb_detach(struct daemon *d, const json_t *request, struct answer *a);

/*
 * change.c: an edit of the model, made or, with "plan" in the request, only shown. count: as
 * how many changes it counts.
 */
int change_do(struct daemon *d, const json_t *request, edit_fn edit, unsigned count,
	      struct answer *a);

#endif
