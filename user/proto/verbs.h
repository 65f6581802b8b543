/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_PROTO_VERBS_H
#define XRING_PROTO_VERBS_H

#include <jansson.h>
#include <stddef.h>

struct why;

/*
 * The verbs that change the model, and the arguments that each takes, described once for
 * both ends of the protocol. The command builds a request from its words and options by the
 * verb's form, and completes words and options from the form. Both ends validate a request
 * by the form, and refuse with the same sentences.
 */
enum argument_kind {
	ARGUMENT_TEXT,
	ARGUMENT_LIST,			/* a list of texts; the option may be given several times */
	ARGUMENT_FLAG,			/* true, if the option is given */
};

struct argument {
	const char *key;		/* its key in a request */
	const char *option;		/* the command's option, without --; not used for words */
	enum argument_kind kind;
	/*
	 * Is a text valid, or each item of a list? Returns 0, or -EINVAL with *why. NULL: a
	 * flag, or a setting, which validates itself.
	 */
	int (*validate)(const char *text, struct why *why);
	/* Are the items of a list valid together? NULL: always. */
	int (*validate_list)(const json_t *list, struct why *why);
};

struct verb_form {
	const char *verb;
	/* Keys of the arguments that are the command's words, in order; all must be given. */
	const char *words;
	/* Keys of the arguments that may be given; * stands for the keys of all settings. */
	const char *options;
};

/* NULL: the verb has no form, and its function reads the request by itself. */
const struct verb_form *verb_form(const char *verb);

/*
 * Walks over all arguments of a form: verb_begin(), then verb_next() until NULL. The words
 * come first. An argument is valid until the next call.
 */
struct argument_cursor {
	const struct verb_form *form;
	const char *at;
	size_t setting;			/* index of the next setting, while the walk is at * */
	struct argument argument;
	char option[32];
};
void verb_begin(struct argument_cursor *c, const struct verb_form *form);
const struct argument *verb_next(struct argument_cursor *c);

/* Is the request valid for that form? Returns 0, or -EINVAL with *why. */
int verb_validate(const struct verb_form *form, const json_t *request, struct why *why);

#endif
