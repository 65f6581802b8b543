// SPDX-License-Identifier: GPL-2.0-or-later
/* The command of a backend: what its interface unwraps of tunnels. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <xring/backend.h>

#include "backend/attach.h"
#include "backend/status.h"
#include "base/util.h"
#include "base/why.h"
#include "core/value/number.h"
#include "core/value/prefix.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE };

static const char usage[] =
	"usage: xring-backend [--json] COMMAND DEV [OPTION...]\n"
	"\n"
	"  attach DEV --balancer NET[,NET...] --vip NET[,NET...] [--gue PORT|none]\n"
	"             [--mode native|generic]\n"
	"              unwraps what comes from a balancer in a tunnel and is for a VIP\n"
	"  detach DEV  takes the program off the interface\n"
	"  status DEV  what is unwrapped, and how many packets were\n"
	"\n"
	"  --json      status: one JSON value instead of text\n"
	"  --version, --help\n";

struct options {
	struct attach attach;
	bool json;
};

/* Appends networks of a list with commas. */
static int networks_add(struct networks *to, const char *option, char *text, struct why *why)
{
	for (char *at, *word = strtok_r(text, ",", &at); word; word = strtok_r(NULL, ",", &at)) {
		struct prefix *list = reallocarray(to->list, to->count + 1, sizeof(*list));
		char want[WANT_PREFIX_TEXT];

		if (!list)
			return why_set(why, -ENOMEM, "%s: no memory", option);
		to->list = list;
		if (prefix_parse(word, &list[to->count], want))
			return why_set(why, -EINVAL, "%s %s: want %s", option, word, want);
		to->count++;
	}
	return 0;
}

static int mode_parse(const char *text, enum attach_mode *ret, struct why *why)
{
	if (!strcmp(text, "native"))
		*ret = ATTACH_NATIVE;
	else if (!strcmp(text, "generic"))
		*ret = ATTACH_GENERIC;
	else
		return why_set(why, -EINVAL, "--mode %s: want native or generic", text);
	return 0;
}

static int gue_parse(const char *text, uint16_t *ret, struct why *why)
{
	uint32_t port = 0;

	if (strcmp(text, "none") && unsigned_parse(text, 1, UINT16_MAX, &port))
		return why_set(why, -EINVAL, "--gue %s: want a port, 1 to 65535, or none", text);
	*ret = port;
	return 0;
}

static int parse(int argc, char **argv, struct options *ret, struct why *why)
{
	enum { BALANCER = 1, VIP, GUE, MODE, JSON, VERSION, HELP };
	static const struct option words[] = {
		{ "balancer", required_argument, NULL, BALANCER },
		{ "vip", required_argument, NULL, VIP },
		{ "gue", required_argument, NULL, GUE },
		{ "mode", required_argument, NULL, MODE },
		{ "json", no_argument, NULL, JSON },
		{ "version", no_argument, NULL, VERSION },
		{ "help", no_argument, NULL, HELP },
		{},
	};
	int word, err = 0;

	while (!err && (word = getopt_long(argc, argv, "", words, NULL)) >= 0) {
		switch (word) {
		case BALANCER:
			err = networks_add(&ret->attach.balancers, "--balancer", optarg, why);
			break;
		case VIP:
			err = networks_add(&ret->attach.vips, "--vip", optarg, why);
			break;
		case GUE:
			err = gue_parse(optarg, &ret->attach.gue_port, why);
			break;
		case MODE:
			err = mode_parse(optarg, &ret->attach.mode, why);
			break;
		case JSON:
			ret->json = true;
			break;
		case VERSION:
			puts("xring-backend " XRING_VERSION);
			exit(0);
		case HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			exit(EXIT_USAGE);	/* getopt has said it */
		}
	}
	return err;
}

static int run_attach(const struct options *o, struct why *why)
{
	const char *mode;
	int err;

	if (!o->attach.balancers.count || !o->attach.vips.count)
		return why_set(why, -EINVAL, "attach: want --balancer and --vip");
	err = attach(&o->attach, &mode, why);
	if (!err)
		printf("attached to %s (%s)\n", o->attach.device, mode);
	return err;
}

static int run_detach(const struct options *o, struct why *why)
{
	return detach(o->attach.device, why);
}

static int run_status(const struct options *o, struct why *why)
{
	return status_print(o->attach.device, o->json, why);
}

static const struct command {
	const char *word;
	int (*run)(const struct options *o, struct why *why);
} commands[] = {
	{ "attach", run_attach },
	{ "detach", run_detach },
	{ "status", run_status },
};

static const struct command *command_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].word, word))
			return &commands[i];
	return NULL;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level, (void)fmt, (void)args;
	return 0;
}

static int refuse(const struct why *why, int code)
{
	fprintf(stderr, "xring-backend: %s\n", why->text);
	return code;
}

int main(int argc, char **argv)
{
	struct options options = { .attach.gue_port = XRING_GUE_PORT };
	const struct command *command;
	struct why why;
	int err;

	libbpf_set_print(quiet);
	if (parse(argc, argv, &options, &why))
		return refuse(&why, EXIT_USAGE);
	command = argc - optind == 2 ? command_find(argv[optind]) : NULL;
	if (!command) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	options.attach.device = argv[optind + 1];
	err = command->run(&options, &why);
	free(options.attach.balancers.list);
	free(options.attach.vips.list);
	return err ? refuse(&why, err == -EINVAL ? EXIT_USAGE : EXIT_REFUSED) : 0;
}
