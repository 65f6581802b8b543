/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_PROTO_VERBS_H
#define XRING_PROTO_VERBS_H

#include <jansson.h>
#include <stddef.h>

struct why;

/*
 * The verbs that change the model, and what each takes, described once: the command builds
 * a request from its words and options by a form, and completes from it; both ends validate
 * a request by it, with the same sentences.
 */
enum argument_kind {
	ARGUMENT_TEXT,
	ARGUMENT_LIST,			/* of texts; the option may stand several times */
	ARGUMENT_FLAG,			/* true */
};

struct argument {
	const char *key;		/* in a request */
	const char *option;		/* of the command, without -- */
	enum argument_kind kind;
	/* Is the text right, or that of each item? 0, or -EINVAL and why. NULL: any is. */
	int (*validate)(const char *text, struct why *why);
	/* Are the items of a list right together? NULL: always. */
	int (*validate_list)(const json_t *list, struct why *why);
};

struct verb_form {
	const char *verb;
	const char *words;		/* keys of the command's words in their order: all needed */
	const char *options;		/* keys that may be there; a setting's is its own */
};

/* NULL: the verb has no form, and reads its request by itself. */
const struct verb_form *verb_form(const char *verb);

/* All arguments of a form in their order, first those that are words; NULL: no more. */
struct argument_cursor {
	const struct verb_form *form;
	const char *at;
	size_t setting;			/* which of the settings comes next */
	struct argument argument;
	char option[32];
};
void verb_begin(struct argument_cursor *c, const struct verb_form *form);
const struct argument *verb_next(struct argument_cursor *c);

/* Is the request one of that form? 0, or -EINVAL and why. */
int verb_validate(const struct verb_form *form, const json_t *request, struct why *why);

#endif
