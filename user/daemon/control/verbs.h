/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_VERBS_H
#define XRING_DAEMON_CONTROL_VERBS_H

#include <jansson.h>

#include "daemon/engine/engine.h"

/* One request line in, one answer line out (proto/proto.h); freed by the caller. */
char *commands_answer(struct engine *e, const char *line, size_t len);

/* How a verb ends: *ret is the answer's data (NULL: none), or why says what is wrong. */
struct answer {
	json_t *data;
	int code;			/* 0, EXIT_NO or EXIT_WORDS */
	char why[512];
};

int answer_no(struct answer *a, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A text of the request; NULL where it is missing. */
const char *request_text(const json_t *request, const char *key);

/* A text that must be there; NULL with the answer filled. */
const char *request_need(const json_t *request, const char *key, struct answer *a);

/* The service that the request names; NULL with the answer filled. */
struct service *request_service(const struct model *m, const json_t *request,
				struct answer *a);

/* The verbs that show something (show.c). */
int show_status(struct engine *e, const json_t *request, struct answer *a);
int show_stats(struct engine *e, const json_t *request, struct answer *a);
int show_services(struct engine *e, const json_t *request, struct answer *a);
int show_backends(struct engine *e, const json_t *request, struct answer *a);
int show_ring(struct engine *e, const json_t *request, struct answer *a);
int show_lookup(struct engine *e, const json_t *request, struct answer *a);

/* Hot keys: seen, and set by hand (hot_verbs.c). */
int show_hot(struct engine *e, const json_t *request, struct answer *a);
int show_hot_shards(struct engine *e, const json_t *request, struct answer *a);
int do_hot_split(struct engine *e, const json_t *request, struct answer *a);
int do_hot_pin(struct engine *e, const json_t *request, struct answer *a);
int do_hot_exempt(struct engine *e, const json_t *request, struct answer *a);
int do_hot_clear(struct engine *e, const json_t *request, struct answer *a);

/* show_placement.c */
int show_placement(struct engine *e, const json_t *request, struct answer *a);
int show_forecast(struct engine *e, const json_t *request, struct answer *a);

/* Rules (show_rules.c), and what is proved of them (show_audit.c). */
int show_explain(struct engine *e, const json_t *request, struct answer *a);
int show_homes(struct engine *e, const json_t *request, struct answer *a);
int show_audit(struct engine *e, const json_t *request, struct answer *a);

int show_flows(struct engine *e, const json_t *request, struct answer *a);	/* show_flows.c */
int show_top(struct engine *e, const json_t *request, struct answer *a);	/* show_top.c */

#endif
