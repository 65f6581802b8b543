// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that change a backend; with --plan they only say what that would do. */
#include "cli/plan.h"
#include "core/model/text.h"

static int send_or_plan(const struct args *args, json_t *request)
{
	return option(args, "plan") ? plan_ask(args, request) : change_send(args, request);
}

static int check_backend(const struct args *args)
{
	if (option(args, "plan") && option(args, "wait"))
		return words_wrong("--plan changes nothing: want no --wait");
	return check_name("service", args->words[0]) ?: check_name("backend", args->words[1]);
}

static json_t *backend_request(const struct args *args, const char *verb)
{
	json_t *request = change_new(args, verb);

	request_set(request, "service", args->words[0]);
	request_set(request, "name", args->words[1]);
	return request;
}

/* The region, or '' for none. */
static int check_region(const struct args *args)
{
	const char *region = option(args, "region");

	if (region && *region && !name_valid(region))
		return words_wrong("region %s: want %s, or '' for none", region, WANT_NAME);
	return 0;
}

/* All of --tag, in one text as the daemon has them; --tag '' alone is none. */
static int check_tags(const struct args *args, json_t *ret)
{
	char tags[TAGS_BYTES] = "";
	bool cleared = false;

	for (size_t i = 0; i < args->option_count; i++) {
		const char *tag = args->options[i].value;

		if (!option_is(args, i, "tag"))
			continue;
		if (cleared || (!*tag && *tags))
			return words_wrong("--tag '' is for no tag: want no other beside it");
		cleared = !*tag;
		if (cleared)
			continue;
		if (!name_valid(tag))
			return words_wrong("tag %s: want %s", tag, WANT_TAG);
		if (tags_add(tags, tag))
			return words_wrong("tag %s: want it once, and " WANT_TAGS, tag);
		json_array_append_new(ret, json_string(tag));
	}
	return 0;
}

static int backend_change(const struct args *args, const char *verb, const char *address)
{
	json_t *tags = json_array(), *request;
	struct address parsed;
	uint32_t weight;
	uint16_t port;
	int code = check_backend(args) ?:
		   check_option(args, "weight", WANT_WEIGHT, weight_parse(text_, &weight)) ?:
		   check_region(args) ?: check_tags(args, tags);

	if (!code && address && endpoint_parse(address, &parsed, &port))
		code = words_wrong("address %s: want %s", address, WANT_ENDPOINT);
	if (code) {
		json_decref(tags);
		return code;
	}
	request = backend_request(args, verb);
	if (option(args, "tag"))
		json_object_set(request, "tags", tags);
	json_decref(tags);
	request_set(request, "region", option(args, "region"));
	request_set(request, "address", address);
	request_set(request, "weight", option(args, "weight"));
	return send_or_plan(args, request);
}

int run_backend_add(const struct args *args)
{
	return backend_change(args, "backend-add", args->words[2]);
}

int run_backend_set(const struct args *args)
{
	if (!option(args, "weight") && !option(args, "address") && !option(args, "region") &&
	    !option(args, "tag"))
		return words_wrong("backend set: want --weight, --address, --region or --tag");
	return backend_change(args, "backend-set", option(args, "address"));
}

int run_backend_del(const struct args *args)
{
	return backend_change(args, "backend-del", NULL);
}

int run_backend_drain(const struct args *args)
{
	return backend_change(args, "backend-drain", NULL);
}

int run_backend_undrain(const struct args *args)
{
	return backend_change(args, "backend-undrain", NULL);
}

int run_backend_maintenance(const struct args *args)
{
	return backend_change(args, "backend-maintenance", NULL);
}

int run_backend_enable(const struct args *args)
{
	return backend_change(args, "backend-enable", NULL);
}
