// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "core/text.h"
#include "daemon/commands.h"
#include "daemon/control.h"
#include "daemon/engine.h"
#include "proto/proto.h"

struct daemon {
	struct loop *loop;
	struct engine *engine;
	struct control *control;
	struct loop_source signals;
};

static const char usage[] =
	"usage: xringd -f FILE [--check] [--bpffs DIR] [--socket PATH] [--state DIR] [--cut]\n"
	"\n"
	"  -f, --file FILE    the configuration, YAML (xring.yaml(5))\n"
	"      --check        say whether FILE is right, and exit\n"
	"      --bpffs DIR    where maps, program and links are pinned (/sys/fs/bpf)\n"
	"      --socket PATH  control socket (" PROTO_SOCKET ")\n"
	"      --state DIR    what commands changed (/var/lib/xring)\n"
	"      --cut          start although the new hash_key or a service's new key\n"
	"                     moves every flow\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n";

/* ---- signals ---- */

static void signal_ready(void *context, uint32_t events)
{
	struct daemon *d = context;
	struct signalfd_siginfo info;

	(void)events;
	if (read(d->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		engine_reload(d->engine);
	else
		loop_stop(d->loop);
}

static int signals_open(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	d->signals = (struct loop_source){
		signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), signal_ready, d,
	};
	if (d->signals.fd < 0)
		return log_err(-errno, "signals");
	return loop_add(d->loop, &d->signals, EPOLLIN);
}

/* ---- privileges ---- */

/* From here on: BPF, the network's configuration, and nothing else. */
static int privileges_drop(void)
{
	static const cap_value_t wanted[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };
	cap_t now = cap_get_proc(), keep = cap_init();
	int err = 0;

	for (size_t i = 0; now && keep && i < ARRAY_SIZE(wanted); i++) {
		cap_flag_value_t have = CAP_CLEAR;

		cap_get_flag(now, wanted[i], CAP_PERMITTED, &have);
		if (have == CAP_SET) {
			cap_set_flag(keep, CAP_PERMITTED, 1, &wanted[i], CAP_SET);
			cap_set_flag(keep, CAP_EFFECTIVE, 1, &wanted[i], CAP_SET);
		}
	}
	if (!now || !keep || cap_set_proc(keep) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = log_err(-errno, "capabilities");
	cap_free(now);
	cap_free(keep);
	return err;
}

/* ---- systemd ---- */

/* sd_notify(3), the one datagram of it that is needed. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_close_ int fd = -1;

	if (!path || strlen(path) >= sizeof(address.sun_path))
		return;
	strcpy(address.sun_path, path);
	if (path[0] == '@')
		address.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		      offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

/* ---- running ---- */

static int check_only(const char *path)
{
	struct conf_places *places = NULL;
	const struct service *service;
	const struct backend *backend;
	_free_ char *text = NULL;
	struct conf_error why;
	struct model m;
	char place[512], address[ADDRESS_TEXT];
	size_t len;
	int err = conf_read(path, &text, &len, &why) ?:
		  conf_parse(path, text, len, &m, &places, &why);

	if (err) {
		fprintf(stderr, "%s\n", err == -ENOMEM ? "no memory" : why.message);
		return EXIT_WORDS;
	}
	err = engine_check_links(&m, &service, &backend);
	if (err)
		fprintf(stderr, "%s: %s: want an l2 backend that is on the link, "
			"not behind a gateway\n",
			conf_place(places, service->name, backend->name, place, sizeof(place)),
			address_print(&backend->address, address));
	else
		printf("%s: ok\n", path);
	conf_places_free(places);
	model_clear(&m);
	return err ? EXIT_WORDS : 0;
}

static char *answer(void *context, const char *line, size_t len)
{
	return commands_answer(context, line, len);
}

static int run(const struct engine_options *options, const char *socket)
{
	struct daemon d = { .signals.fd = -1 };
	int err = loop_new(&d.loop) ?: signals_open(&d) ?:
		  engine_open(options, d.loop, &d.engine) ?:
		  control_open(d.loop, socket, answer, d.engine, &d.control) ?:
		  privileges_drop();

	if (!err) {
		log_info("ready: %zu services, program pinned at %s/prog",
			 d.engine->model.service_count, d.engine->dp->dir);
		notify("READY=1");
		err = loop_run(d.loop);
		notify("STOPPING=1");
	}
	if (d.control)
		control_close(d.control);
	if (d.engine)
		engine_close(d.engine);
	closep(&d.signals.fd);
	if (d.loop)
		loop_free(d.loop);
	return err == -EINVAL ? EXIT_WORDS : err ? EXIT_NO : 0;
}

int main(int argc, char **argv)
{
	enum { OPT_CHECK = 256, OPT_BPFFS, OPT_SOCKET, OPT_STATE, OPT_CUT };
	static const struct option longs[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "bpffs", required_argument, NULL, OPT_BPFFS },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "cut", no_argument, NULL, OPT_CUT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{},
	};
	struct engine_options options = { .bpffs = "/sys/fs/bpf", .state = "/var/lib/xring" };
	const char *socket = PROTO_SOCKET;
	bool check = false;
	int c;

	while ((c = getopt_long(argc, argv, "f:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			options.file = optarg;
			break;
		case OPT_CHECK:
			check = true;
			break;
		case OPT_BPFFS:
			options.bpffs = optarg;
			break;
		case OPT_SOCKET:
			socket = optarg;
			break;
		case OPT_STATE:
			options.state = optarg;
			break;
		case OPT_CUT:
			options.cut = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			printf("xringd %s\n", XRING_VERSION);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_WORDS;
		}
	}
	if (!options.file || optind < argc) {
		fprintf(stderr, "%s%s", options.file ? "" : "-f FILE is missing\n", usage);
		return EXIT_WORDS;
	}
	return check ? check_only(options.file) : run(&options, socket);
}
