/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_REQUEST_H
#define XRING_DAEMON_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/why.h"

struct change_entry;
struct engine;
struct model;
struct parts;
struct service;
struct turns;

/* Reading the arguments of a request, and filling its answer. */
struct answer {
	json_t *data;			/* NULL: none */
	struct turns *turns;		/* makes the whole answer; NULL: it is made */
	int code;			/* 0, EXIT_NO or EXIT_WORDS (proto/proto.h) */
	struct why why;			/* the reason, if code is not 0 */
	struct parts *parts;		/* sent before the request on its connection; may be NULL */
};

/* Each fills the answer with a refusal, and returns -EINVAL. */
int answer_no(struct answer *a, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int answer_wrong(struct answer *a, const char *what, const char *value, const char *want);
int answer_memory(struct answer *a);
/* Fills the answer with the data; data NULL: no memory. 0 or -EINVAL. */
int answer_data(struct answer *a, json_t *data);

/* A text of the request; NULL: the request has none by that key. */
const char *request_text(const json_t *request, const char *key);
bool request_flag(const json_t *request, const char *key);

/* The same for a text that must be there; NULL, with the answer filled, if it is not. */
const char *request_need(const json_t *request, const char *key, struct answer *a);

/* The service that the request names; NULL, with the answer filled, if there is none. */
struct service *request_service(const struct model *m, const json_t *request,
				struct answer *a);
/*
 * The same if the request need not name a service: then *ret is NULL. -EINVAL with the answer
 * filled.
 */
int request_service_or_all(const struct model *m, const json_t *request, struct answer *a,
			   struct service **ret);
/* The change that the request names; NULL, with the answer filled, if there is none. */
struct change_entry *request_change(const struct engine *e, const json_t *request,
				    struct answer *a);

#endif
