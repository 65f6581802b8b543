// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests made from the words and options of a command, as the verb's form describes them. */
#include "cli/common/form.h"

#include "base/why.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "proto/verbs.h"

/* The values of an option that is given several times; a single '' is an empty list. */
static int list_of(const struct args *args, const struct argument *a, json_t *ret)
{
	bool empty = false;

	for (size_t i = 0; i < args->option_count; i++) {
		const char *value = args->options[i].value;

		if (!option_is(args, i, a->option))
			continue;
		if (empty || (!*value && json_array_size(ret)))
			return words_wrong("--%s '' is for no %s: want no other beside it",
					   a->option, a->option);
		empty = !*value;
		if (!empty)
			json_array_append_new(ret, json_string(value));
	}
	return 0;
}

static int option_set(const struct args *args, const struct argument *a, json_t *request)
{
	json_t *list;

	if (!option(args, a->option))
		return 0;
	switch (a->kind) {
	case ARGUMENT_TEXT:
		request_set(request, a->key, option(args, a->option));
		break;
	case ARGUMENT_FLAG:
		json_object_set_new(request, a->key, json_true());
		break;
	case ARGUMENT_LIST:
		list = json_array();
		json_object_set_new(request, a->key, list);
		return list_of(args, a, list);
	}
	return 0;
}

int form_request(const struct args *args, json_t **ret)
{
	const struct verb_form *form = verb_form(args->command->verb);
	json_t *request = request_new(form->verb);
	struct argument_cursor c;
	const struct argument *a;
	struct why why;
	int code = 0;

	verb_begin(&c, form);
	for (size_t i = 0; !code && (a = verb_next(&c)); i++) {
		if (i < args->word_count)
			request_set(request, a->key, args->words[i]);
		else
			code = option_set(args, a, request);
	}
	if (!code && verb_validate(form, request, &why))
		code = words_wrong("%s", why.text);
	if (code)
		json_decref(request);
	else
		*ret = request;
	return code;
}

bool form_changes(const struct args *args)
{
	const struct verb_form *form = verb_form(args->command->verb);
	struct argument_cursor c;
	const struct argument *a;

	verb_begin(&c, form);
	for (size_t i = 0; (a = verb_next(&c)); i++)
		if (i >= args->word_count && a->kind != ARGUMENT_FLAG && option(args, a->option))
			return true;
	return false;
}
