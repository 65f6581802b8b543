// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that change a backend; with --plan they only say what that would do. */
#include "cli/plan.h"
#include "core/text.h"

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

static int backend_change(const struct args *args, const char *verb, const char *address)
{
	struct address parsed;
	uint32_t weight;
	uint16_t port;
	json_t *request;
	int code = check_backend(args) ?:
		   check_option(args, "weight", WANT_WEIGHT, weight_parse(text_, &weight));

	if (!code && address && endpoint_parse(address, &parsed, &port))
		code = words_wrong("address %s: want %s", address, WANT_ENDPOINT);
	if (code)
		return code;
	request = backend_request(args, verb);
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
	if (!option(args, "weight") && !option(args, "address"))
		return words_wrong("backend set: want --weight or --address");
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
