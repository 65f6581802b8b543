// SPDX-License-Identifier: GPL-2.0-or-later
/* xringd's process: options, privileges, signals, and the loop. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/step.h"
#include "base/util.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/gather.h"
#include "daemon/engine/check.h"
#include "daemon/privileges.h"
#include "daemon/start.h"
#include "daemon/starter/starter.h"
#include "dp/dp.h"
#include "proto/findings.h"
#include "proto/proto.h"

struct process {
	struct loop *loop;
	struct loop_source signals;
	struct start start;
};

static const char usage[] =
	"usage: xringd -f FILE [--check|--doctor] [--bpffs DIR] [--socket PATH] [--state DIR]\n"
	"              [--user NAME] [--exec-user NAME] [--cut]\n"
	"\n"
	"  -f, --file FILE    the configuration, YAML (xring.yaml(5))\n"
	"      --check        say whether FILE is right, and exit\n"
	"      --doctor       say what on this host would make the balancer fail silently,\n"
	"                     and exit; nothing is changed\n"
	"      --bpffs DIR    where maps, program and links are pinned (/sys/fs/bpf)\n"
	"      --socket PATH  control socket (" PROTO_SOCKET ")\n"
	"      --state DIR    what commands changed (/var/lib/xring)\n"
	"      --user NAME    whom a daemon that root starts becomes; root: nobody else\n"
	"                     (" PRIVILEGES_USER ", where there is that user)\n"
	"      --exec-user NAME\n"
	"                     whom the programs of health checks run as\n"
	"                     (" STARTER_USER ", where there is that user)\n"
	"      --cut          start although the new hash_key or a service's new key\n"
	"                     moves every flow\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n";

/* ---- signals ---- */

static void signal_ready(void *context, uint32_t events)
{
	struct process *p = context;
	struct signalfd_siginfo info;

	(void)events;
	if (read(p->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		file_reload(&p->start.daemon.file);
	else
		loop_stop(p->loop);
}

static int signals_open(struct process *p)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	p->signals = (struct loop_source){
		signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), signal_ready, p,
	};
	if (p->signals.fd < 0)
		return log_err(-errno, "signals");
	return loop_add(p->loop, &p->signals, EPOLLIN);
}

/* ---- systemd ---- */

/* The only datagram of sd_notify(3) that xringd needs. */
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

/* The model of the file, for an answer without a daemon. 0, or EXIT_WORDS after logging why. */
static int model_only(const char *path, const char *exec_user, struct model *ret)
{
	static const struct model none;
	_free_ char *text = NULL;
	struct model m;
	struct why why;
	size_t len;

	starter_look(exec_user);
	if (file_read_model(path, &none, &m, &text, &len, &why)) {
		log_err(0, "%s", why.text);
		return EXIT_WORDS;
	}
	if (engine_check_alone(&m, &why)) {
		log_err(0, "%s: %s", path, why.text);
		model_clear(&m);
		return EXIT_WORDS;
	}
	*ret = m;
	return 0;
}

static int check_only(const struct start_options *options)
{
	struct model m;
	int code = model_only(options->file, options->exec_user, &m);

	if (code)
		return code;
	printf("%s: ok\n", options->file);
	model_clear(&m);
	return 0;
}

static int doctor_only(const struct start_options *options)
{
	const struct findings_choice choice = {};
	struct findings findings = {};
	struct facts facts;
	struct model m;
	json_t *answer;
	int code = model_only(options->file, options->exec_user, &m);

	if (code)
		return code;
	if (gather_alone(&m, options->engine.bpffs, &facts)) {
		model_clear(&m);
		return EXIT_NO;
	}
	doctor_judge(&facts, false, &findings);
	answer = doctor_json(&findings, &facts, false);
	findings_print(stdout, answer, &choice);
	code = findings_count(answer, &choice) ? EXIT_NO : 0;
	json_decref(answer);
	findings_clear(&findings);
	facts_clear(&facts);
	model_clear(&m);
	return code;
}

/* Keeps freed pages, because the arrays of rings come and go with each change. */
static void memory_keep(void)
{
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

static int serve(struct process *p)
{
	const struct engine *e = p->start.daemon.engine;
	int err;

	log_info("ready: %zu services, program pinned at %s/prog", e->model.service_count,
		 e->dp->dir);
	notify("READY=1");
	err = loop_run(p->loop);
	notify("STOPPING=1");
	return err;
}

static int run(const struct start_options *options)
{
	struct process p = { .signals.fd = -1 };
	int err = privileges_check() ?:
		  starter_open(options->exec_user, options->user ?: PRIVILEGES_USER) ?:
		  loop_new(&p.loop) ?: signals_open(&p) ?:
		  start_file(p.loop, options, &p.start);
	bool wrong = err == -EINVAL;

	if (!err)
		err = start_maps(&p.start) ?: privileges_drop() ?: start_checks(&p.start) ?:
		      serve(&p);
	if (err == -ENOMEM)		/* all else has been said where it came up */
		log_err(err, "xringd");
	start_close(&p.start);
	closep(&p.signals.fd);
	if (p.loop)
		loop_free(p.loop);
	starter_close();
	return wrong ? EXIT_WORDS : err ? EXIT_NO : 0;
}

/* ---- options ---- */

struct options {
	struct start_options start;
	bool check;			/* only say whether the file is right */
	bool doctor;			/* only say what is wrong with the host */
	bool help, version;
};

/* 0, or EXIT_WORDS after printing the usage. */
static int options_parse(int argc, char **argv, struct options *o)
{
	enum {
		OPT_CHECK = 256,
		OPT_DOCTOR,
		OPT_BPFFS,
		OPT_SOCKET,
		OPT_STATE,
		OPT_USER,
		OPT_EXEC_USER,
		OPT_CUT,
		OPT_TEST_CLOCK,
		OPT_TEST_DIE
	};
	static const struct option longs[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "doctor", no_argument, NULL, OPT_DOCTOR },
		{ "bpffs", required_argument, NULL, OPT_BPFFS },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "user", required_argument, NULL, OPT_USER },
		{ "exec-user", required_argument, NULL, OPT_EXEC_USER },
		{ "cut", no_argument, NULL, OPT_CUT },
		{ "test-clock", no_argument, NULL, OPT_TEST_CLOCK },
		{ "test-die", required_argument, NULL, OPT_TEST_DIE },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'f': o->start.file = optarg; break;
		case OPT_CHECK: o->check = true; break;
		case OPT_DOCTOR: o->doctor = true; break;
		case OPT_BPFFS: o->start.engine.bpffs = optarg; break;
		case OPT_SOCKET: o->start.socket = optarg; break;
		case OPT_STATE: o->start.engine.state = optarg; break;
		case OPT_USER: o->start.user = optarg; break;
		case OPT_EXEC_USER: o->start.exec_user = optarg; break;
		case OPT_TEST_CLOCK: o->start.engine.test_clock = true; break;
		case OPT_TEST_DIE: step_fatal = strtoull(optarg, NULL, 10); break;
		case OPT_CUT: o->start.engine.cut = true; break;
		case 'h': o->help = true; break;
		case 'V': o->version = true; break;
		default:
			fputs(usage, stderr);
			return EXIT_WORDS;
		}
	}
	if (o->help || o->version || (o->start.file && optind == argc))
		return 0;
	fprintf(stderr, "%s%s", o->start.file ? "" : "-f FILE is missing\n", usage);
	return EXIT_WORDS;
}

int main(int argc, char **argv)
{
	struct options o = {
		.start.engine = { .bpffs = "/sys/fs/bpf", .state = "/var/lib/xring" },
		.start.socket = PROTO_SOCKET,
	};
	int err = options_parse(argc, argv, &o);

	if (err)
		return err;
	if (o.help)
		fputs(usage, stdout);
	else if (o.version)
		printf("xringd %s\n", XRING_VERSION);
	if (o.help || o.version)
		return 0;
	if (o.check)
		return check_only(&o.start);
	if (o.doctor)
		return doctor_only(&o.start);
	memory_keep();
	return run(&o.start);
}
