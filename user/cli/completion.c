// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Completion for bash, made from the table of commands; the names of services and backends
 * come from the daemon.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "core/model/check_text.h"
#include "core/model/model.h"
#include "core/model/setting.h"

#define SERVICES "$(_xring_names service list)"
#define BACKENDS "$(col=2 _xring_names backend list \"${COMP_WORDS[3]}\")"

static bool follows(const struct command *c, const char *usage)
{
	return !strncmp(c->usage, usage, strlen(usage));
}

static void print_first_words(const struct args *args)
{
	const char *last = "";

	printf("\t\twords=\"");
	for (size_t i = 0; i < args->table_count; i++) {
		size_t len = strcspn(args->table[i].name, " ");

		if (len != strcspn(last, " ") || strncmp(last, args->table[i].name, len))
			printf("%.*s ", (int)len, args->table[i].name);
		last = args->table[i].name;
	}
	printf("--socket --json --help --version\" ;;\n");
}

/* May the name of a service follow `first`, if that word is a whole command? */
static bool service_may_follow(const struct args *args, const char *first, size_t len)
{
	for (size_t i = 0; i < args->table_count; i++)
		if (strlen(args->table[i].name) == len && !strncmp(args->table[i].name, first, len))
			return follows(&args->table[i], "[SERVICE]");
	return false;
}

/* The cases "service)": the second words of commands. */
static void print_second_words(const struct args *args)
{
	for (size_t i = 0; i < args->table_count; i++) {
		const char *space = strchr(args->table[i].name, ' ');
		size_t len = space ? (size_t)(space - args->table[i].name) : 0;

		if (!space ||
		    (i && !strncmp(args->table[i - 1].name, args->table[i].name, len + 1)))
			continue;
		printf("\t\"%.*s\")\n\t\twords=\"", (int)len, args->table[i].name);
		for (size_t j = i; j < args->table_count &&
				   !strncmp(args->table[j].name, args->table[i].name, len + 1);
		     j++)
			printf("%s ", args->table[j].name + len + 1);
		printf("%s\" ;;\n", service_may_follow(args, args->table[i].name, len) ? SERVICES : "");
	}
}

/*
 * The case "service add"*): the command's options. behind: pattern of what must follow the
 * command.
 */
static void print_options(const struct command *c, const char *behind)
{
	char options[OPTIONS_TEXT];
	const char *at = command_options(c, options);

	printf("\t\"%s\"%s*)\n\t\twords=\"--json --socket", c->name, behind);
	while (*at) {
		size_t len = strcspn(at, " =");

		fputs(len > 1 ? " --" : " -", stdout);
		fwrite(at, 1, len, stdout);
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	printf("\" ;;\n");
}

/* After a service the name of one of its backends; after that, options. */
static void print_backends(const struct command *c)
{
	print_options(c, "\" \"*\" \"");
	printf("\t\"%s \"*)\n"
	       "\t\twords=\"" BACKENDS "\" ;;\n", c->name);
}

/* After a service one of its hot keys; after that, a backend if the command wants one. */
static void print_keys(const struct command *c)
{
	if (follows(c, "SERVICE KEY BACKEND")) {
		print_options(c, "\" \"*\" \"*\" \"");
		printf("\t\"%s \"*\" \"*)\n\t\twords=\"" BACKENDS "\" ;;\n", c->name);
	} else {
		print_options(c, "\" \"*\" \"");
	}
	printf("\t\"%s \"*)\n"
	       "\t\twords=\"$(col=2 _xring_names hot \"${COMP_WORDS[3]}\")\" ;;\n", c->name);
}

/* The case of all commands that are followed by the name of a service. */
static void print_services(const struct args *args)
{
	printf("\t\"service set\"|\"service del\"|\"service show\"");
	for (size_t i = 0; i < args->table_count; i++)
		if (follows(&args->table[i], "SERVICE") || follows(&args->table[i], "[SERVICE]"))
			printf("|\"%s\"", args->table[i].name);
	printf(")\n\t\twords=\"" SERVICES "\" ;;\n");
}

/* The words that may follow --mode (of a service and of attach), --key, --check and --agent. */
static void print_values(void)
{
	char key[KEY_TEXT];

	printf("\t*--mode)\n\t\twords=\"");
	for (size_t i = 0; mode_word(i); i++)
		printf("%s ", mode_word(i));
	printf("native generic\" ;;\n\t*--key)\n\t\twords=\"");
	for (size_t i = 0; key_word(i, key); i++)
		printf("%s%s", i ? " " : "", key_word(i, key));
	printf("\" ;;\n\t*--check)\n\t\twords=\"");
	for (size_t i = 0; check_word(i); i++)
		printf("%s ", check_word(i));
	printf("none\" ;;\n\t*--agent)\n\t\twords=\"port= none\" ;;\n");
}

/* The keys that may follow --gue or --hot, each with its default. */
static void print_group(const char *group)
{
	struct service normal;
	char value[SETTING_TEXT];
	size_t count;
	const struct setting *all = settings(group, &count);

	service_init(&normal);
	printf("\t*--%s)\n\t\twords=\"", group);
	for (size_t i = 0; i < count; i++)
		printf("%s%s=%s", i ? " " : "", all[i].key, setting_print(&all[i], &normal, value));
	printf("\" ;;\n");
}

/*
 * The cases of commands of that many words. Two words go first: "hot"* would match "hot
 * split", too.
 */
static void print_rest(const struct args *args, int words)
{
	for (size_t i = 0; i < args->table_count; i++) {
		if ((strchr(args->table[i].name, ' ') ? 2 : 1) != words)
			continue;
		if (follows(&args->table[i], "SERVICE NAME") && strcmp(args->table[i].name, "backend add"))
			print_backends(&args->table[i]);
		else if (follows(&args->table[i], "SERVICE KEY"))
			print_keys(&args->table[i]);
		else
			print_options(&args->table[i], "");
	}
}

int run_completion(const struct args *args)
{
	if (strcmp(args->words[0], "bash"))
		return words_wrong("completion %s: want bash", args->words[0]);
	/* The fourth column of backends is their state: no command accepts a removed backend. */
	printf("# bash completion for xring: source <(xring completion bash)\n"
	       "_xring_names() { xring \"$@\" 2>/dev/null | "
	       "awk 'NR > 1 && $4 != \"removed\" { print $COL }' COL=\"${col:-1}\"; }\n"
	       "_xring()\n{\n"
	       "\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
	       "\tlocal line=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
	       "\tcase \"$line\" in\n"
	       "\t\"\")\n");
	print_first_words(args);
	print_second_words(args);
	print_values();
	printf("\t*--all-down)\n\t\twords=\"drop pass keep\" ;;\n"
	       "\t*--bound|*--mss)\n\t\twords=\"none\" ;;\n"
	       "\t*--tunnel-source)\n\t\twords=\"none default\" ;;\n"
	       "\t*--too-big)\n\t\twords=\"answer drop\" ;;\n"
	       "\t*--dscp)\n\t\twords=\"copy zero\" ;;\n"
	       "\t*--wait)\n\t\twords=\"switch cleanup\" ;;\n"
	       "\t\"plan \"*-f|\"apply \"*-f)\n\t\twords=\"$(compgen -f -- \"$cur\")\" ;;\n"
	       "\t\"flows \"*--backend)\n\t\twords=\"$(col=2 _xring_names backend list)\" ;;\n"
	       "\t\"events \"*--kind)\n\t\twords=\"agent backend change command configuration daemon health hot "
	       "interface next-hop state\" ;;\n"
	       "\t\"attach\"|\"detach\")\n\t\twords=\"$(ls /sys/class/net)\" ;;\n"
	       "\t\"completion\")\n\t\twords=\"bash\" ;;\n"
	       "\t\"change show\"|\"change cancel\")\n"
	       "\t\twords=\"$(_xring_names changes)\" ;;\n");
	print_group("gue");
	print_group("hot");
	print_services(args);
	print_rest(args, 2);
	print_rest(args, 1);
	printf("\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "}\n"
	       "complete -F _xring xring\n");
	return 0;
}
