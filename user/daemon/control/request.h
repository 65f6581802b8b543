/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_REQUEST_H
#define XRING_DAEMON_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/why.h"

struct change_entry;
struct engine;
struct model;
struct service;

/* What a request holds, and how its answer ends. */
struct answer {
	json_t *data;			/* NULL: none */
	int code;			/* 0, EXIT_NO or EXIT_WORDS (proto/proto.h) */
	struct why why;			/* if code is not 0 */
};

/* All of these fill the answer and return -EINVAL. */
int answer_no(struct answer *a, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int answer_wrong(struct answer *a, const char *what, const char *value, const char *want);
int answer_memory(struct answer *a);
/* The data, or NULL for want of memory: 0, or -EINVAL. */
int answer_data(struct answer *a, json_t *data);

/* A text of the request; NULL where it is missing. */
const char *request_text(const json_t *request, const char *key);
bool request_flag(const json_t *request, const char *key);

/* A text that must be there; NULL with the answer filled. */
const char *request_need(const json_t *request, const char *key, struct answer *a);

/* The service that the request names; NULL with the answer filled. */
struct service *request_service(const struct model *m, const json_t *request,
				struct answer *a);
/* The same where it may name none: *ret is NULL then. -EINVAL with the answer filled. */
int request_service_or_all(const struct model *m, const json_t *request, struct answer *a,
			   struct service **ret);
/* The change that it names; NULL with the answer filled. */
struct change_entry *request_change(const struct engine *e, const json_t *request,
				    struct answer *a);

#endif
