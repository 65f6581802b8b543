// SPDX-License-Identifier: GPL-2.0-or-later
/* The command doctor: what makes the balancer fail silently, as the daemon finds it. */
#include <stdio.h>
#include <string.h>

#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/why/why.h"
#include "proto/findings.h"
#include "proto/proto.h"

/* Does xring use a device of that name, so that it was judged? */
static bool is_judged(const json_t *data, const char *name)
{
	const json_t *devices = json_object_get(json_object_get(data, "facts"), "devices"), *device;
	size_t i;

	json_array_foreach(devices, i, device)
		if (!strcmp(text(device, "name"), name))
			return true;
	return false;
}

int run_doctor(const struct args *args)
{
	const struct findings_choice choice = {
		.device = option(args, "interface"),
		.strict = option(args, "strict"),
		.fixes = option(args, "fix-script"),
	};
	json_t *data = NULL;
	int code = ask(args, request_new("doctor"), &data);
	bool found;

	if (code)
		return code;
	if (choice.device && !is_judged(data, choice.device)) {
		fprintf(stderr, "xring: %s: xring uses no such device\n", choice.device);
		json_decref(data);
		return EXIT_NO;
	}
	if (args->json)
		json_print(data);
	else
		findings_print(stdout, data, &choice);
	found = findings_count(data, &choice);
	json_decref(data);
	return found ? EXIT_NO : 0;
}
