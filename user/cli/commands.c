// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands. */
#include "cli/commands.h"

#include <string.h>

#include "base/util.h"
#include "cli/common/args.h"
#include "cli/why/why.h"
#include "proto/proto.h"

/*
 * The settings of a service (core/model/setting.c), with those of hot keys, of the health check
 * and of the agents in one option each.
 */
#define SETTINGS_USAGE                                                                     \
	"\n      [--weight-unit N] [--drain T] [--tcp-idle T] [--udp-idle T] [--slow-start T] [--panic SHARE]" \
	"\n      [--all-down drop|pass|keep] [--bound N|none] [--tunnel-source NETWORK|none|default] [--mss N|none]" \
	"\n      [--too-big answer|drop] [--dscp copy|zero] [--gue KEY=VALUE[,...]] [--hot KEY=VALUE[,...]]" \
	"\n      [--check TYPE[,KEY=VALUE]...|none] [--agent port=N[,KEY=VALUE]...|none]"

static const struct command table[] = {
	{ "service add",
	  "NAME --vip ADDR:PORT/tcp|udp... --mode MODE [--key KEY] [--vnodes N]"
	  SETTINGS_USAGE,
	  "a new service", "", 1, 1, run_service_add, "service-add" },
	{ "service set",
	  "NAME [--vip V...] [--mode M] [--vnodes N] [--key KEY --cut]" SETTINGS_USAGE,
	  "change a service", "", 1, 1, run_service_set, "service-set" },
	{ "service del", "NAME", "remove a service", "", 1, 1,
	  run_service_change, "service-del" },
	{ "service list", "", "all services", "", 0, 0, run_service_list },
	{ "service show", "NAME", "one service and its backends", "", 1, 1, run_service_show },
	{ "backend add", "SERVICE NAME ADDR[:PORT] [--weight W] [--region R] [--tag T...]",
	  "a new backend", "wait=", 3, 3, run_backend_change, "backend-add" },
	{ "backend set",
	  "SERVICE NAME [--weight W] [--address ADDRESS[:PORT]] [--region R] [--tag T...]",
	  "change a backend", "wait=", 2, 2, run_backend_set, "backend-set" },
	{ "backend del", "SERVICE NAME", "remove a backend", "wait=", 2, 2,
	  run_backend_change, "backend-del" },
	{ "backend drain", "SERVICE NAME", "no new flows; live ones stay until they end",
	  "wait=", 2, 2,
	  run_backend_change, "backend-drain" },
	{ "backend undrain", "SERVICE NAME", "new flows again", "wait=", 2, 2,
	  run_backend_change, "backend-undrain" },
	{ "backend maintenance", "SERVICE NAME", "drained, and not checked", "wait=", 2, 2,
	  run_backend_change, "backend-maintenance" },
	{ "backend enable", "SERVICE NAME", "active again", "wait=", 2, 2,
	  run_backend_change, "backend-enable" },
	{ "backend list", "[SERVICE]", "backends, their states and the way to them", "", 0, 1,
	  run_backend_list },
	{ "plan", "-f FILE", "what a file would change, and how", "f=", 0, 0, run_plan },
	{ "apply", "-f FILE [--expect HASH] [--yes]", "change it",
	  "f= expect= wait= now cut yes", 0, 0, run_apply },
	{ "changes", "", "changes under way and past ones", "", 0, 0, run_changes },
	{ "change show", "ID", "one change", "", 1, 1, run_change_show },
	{ "change cancel", "ID", "go back, by another change", "now wait=", 1, 1,
	  run_change_cancel },
	{ "ring show", "SERVICE", "virtual nodes, exact shares, shares of the packets seen", "",
	  1, 1, run_ring_show },
	{ "ring lookup", "SERVICE [-n N] KEY...  |  --nodes a,b=2.5,c [--vnodes N] [-n N] KEY...|-",
	  "who owns a key", "nodes= vnodes= n=", 1, WORDS_MAX, run_ring_lookup },
	{ "hot", "[SERVICE]", "keys that carry more than their part, hottest first", "", 0, 1,
	  run_hot },
	{ "hot split", "SERVICE KEY [--shards N]", "spread a key over sub-keys", "shards=", 2, 2,
	  run_hot_split },
	{ "hot pin", "SERVICE KEY BACKEND", "send a key to one backend", "", 3, 3, run_hot_pin },
	{ "hot exempt", "SERVICE KEY", "leave a key alone, however hot", "", 2, 2,
	  run_hot_exempt },
	{ "hot clear", "SERVICE KEY", "forget what was said of a key by hand", "", 2, 2,
	  run_hot_clear },
	{ "hot shards", "SERVICE KEY", "where each sub-key of a key is", "", 2, 2,
	  run_hot_shards },
	{ "flows", "[SERVICE] [--client CIDR] [--backend NAME] [--limit N]",
	  "flows, their backends and keys; pins by backend and key",
	  "client= backend= limit=", 0, 1, run_flows },
	{ "drops", "[SERVICE] [--reason COUNTER] [-n N] [--follow] [-w FILE]",
	  "dropped packets, of whom and why; samples of them", "reason= n= follow w=", 0, 1, run_drops },
	{ "doctor", "[--interface DEV] [--strict] [--fix-script]",
	  "what makes the balancer fail silently; 1: something does", "interface= strict fix-script", 0, 0,
	  run_doctor },
	{ "explain",
	  "PROTOCOL SOURCE:PORT DESTINATION:PORT [--syn] [--ack] [--fin] [--rst] [--len N] [--ttl N]"
	  "\n      [--vlan ID[,ID]] [--fragment OFFSET[,more]] [--options] [--icmp-error KIND] [--in DEV]"
	  "\n      |  --pcap FILE[:N] [--in DEV]  |  --hex BYTES [--in DEV]",
	  "what the datapath would do with a packet, and why; 1: drop it",
	  "in= syn ack fin rst len= ttl= vlan= fragment= options icmp-error= pcap= hex=", 0, 3, run_explain },
	{ "events", "[SERVICE] [-n N] [--kind KIND] [--follow]",
	  "what happened, when, and who asked for it", "n= kind= follow", 0, 1, run_events },
	{ "placement show", "SERVICE [--client CLIENT] [--at TIME]",
	  "where its traffic goes, by region", "client= at=", 1, 1, run_placement_show },
	{ "placement forecast", "SERVICE [--client CLIENT] [--hours N] [--at TIME]",
	  "the same, hour by hour", "client= hours= at=", 1, 1, run_placement_forecast },
	{ "placement explain", "SERVICE CLIENT", "why a client goes where it goes", "", 2, 2,
	  run_placement_explain },
	{ "placement audit", "", "what the traffic of each set of clients can reach; 1: too much",
	  "", 0, 0, run_placement_audit },
	{ "placement homes", "[SERVICE]", "client networks and where they belong", "", 0, 1,
	  run_placement_homes },
	{ "attach", "DEV [--mode native|generic]", "run the program on an interface", "mode=", 1,
	  1, run_attach },
	{ "detach", "DEV", "and no longer", "", 1, 1, run_detach },
	{ "stats", "[SERVICE]", "packets by verdict, service and backend", "", 0, 1, run_stats },
	{ "top", "[--interval SECONDS] [--json [-n COUNT]]",
	  "rates by service and backend, as they change", "interval= n=", 0, 0, run_top },
	{ "status", "", "the daemon, its program and its interfaces", "", 0, 0, run_status },
	{ "save", "[FILE|-]", "write what runs to the configuration file", "", 0, 1, run_save },
	{ "completion", "bash", "completion for the shell", "", 1, 1, run_completion },
};

const struct command *commands(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(table);
	return table;
}

void usage(FILE *to)
{
	fprintf(to, "usage: xring [--socket PATH] [--json] COMMAND\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		fprintf(to, "  %s%s%s\n      %s\n", table[i].name, *table[i].usage ? " " : "",
			table[i].usage, table[i].help);
	fprintf(to, "\n"
		"  On a change:\n"
		"  --now       writes the maps at once instead of gathering changes;\n"
		"  --cut       lets go of flows instead of draining them;\n"
		"  --plan      shows what it would do, and does nothing;\n"
		"  --wait switch|cleanup returns when it has come to that stage.\n"
		"\n  --json prints what a command shows for programs.\n"
		"\nxring(8) has the details.\n");
}

/* Does the command's name consist of these words? second NULL: of the first word alone. */
static bool named(const char *name, const char *first, const char *second)
{
	size_t len = strcspn(name, " ");

	if (strlen(first) != len || strncmp(name, first, len))
		return false;
	return name[len] ? second && !strcmp(name + len + 1, second) : !second;
}

const struct command *find_command(char **argv, int argc, int *ret_used)
{
	for (int words = argc > 1 ? 2 : 1; words; words--)
		for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
			if (!named(table[i].name, argv[0], words == 2 ? argv[1] : NULL))
				continue;
			*ret_used = words;
			return &table[i];
		}
	return NULL;
}

int command_usage(const struct command *c, FILE *to)
{
	size_t len = strlen(c->name);

	fprintf(to, "usage: xring %s %s\n", c->name, c->usage);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (!strncmp(table[i].name, c->name, len) && table[i].name[len] == ' ')
			fprintf(to, "       xring %s %s\n", table[i].name, table[i].usage);
	return EXIT_WORDS;
}
