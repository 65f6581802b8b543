// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The starter: a loop over the daemon's socket, the signal that a child has ended, and the output of
 * each program that runs. A program is the leader of a session and so of a process group; when it
 * ends or is to be stopped, its whole group is killed. What left the group becomes the starter's own
 * child when its parent has ended, and is killed then.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/starter/message.h"
#include "daemon/starter/starter.h"

struct program {
	pid_t pid;			/* 0: the place is free */
	uint32_t run;
	int out;			/* where its output comes from; -1: it has none any more */
	size_t len;
	char output[STARTER_OUTPUT];
};

struct starter {
	pid_t pid;
	int socket, children;		/* children: a signalfd */
	struct program programs[STARTER_PROGRAMS];
};

/* p: whose output goes with it; NULL: nobody's. */
static void answer(const struct starter *s, uint32_t run, enum starter_end how, int value,
		   const struct program *p)
{
	struct starter_answer a = { .run = run, .end = how, .value = value };

	for (size_t i = 0; p && i < p->len; i++)
		a.output[i] = p->output[i] < ' ' || p->output[i] > '~' ? ' ' : p->output[i];
	(void)!send(s->socket, &a, sizeof(a), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* ---- output ---- */

/* Reads once: keeps the first bytes, and drops all others, so that no program has to wait. */
static void output_read(struct program *p)
{
	char buf[65536];		/* as much as a pipe holds */
	ssize_t got = p->out < 0 ? 0 : read(p->out, buf, sizeof(buf));
	size_t room = sizeof(p->output) - p->len;

	if (got > 0) {
		memcpy(p->output + p->len, buf, (size_t)got < room ? (size_t)got : room);
		p->len += (size_t)got < room ? (size_t)got : room;
	} else if (p->out >= 0 && (!got || (errno != EAGAIN && errno != EINTR))) {
		close(p->out);
		p->out = -1;
	}
}

/* ---- start ---- */

/* The child, until it is the program; the socket is closed by that. */
static void become_program(const struct starter *s, uint32_t run, int out, char **argv, char **env)
{
	sigset_t none;

	/* What the starter ignores, or who started the daemon, a program does not. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() >= 0 && !prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) && getppid() == s->pid &&
	    !starter_limit_program() &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0 &&
	    !close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC))
		execve(argv[0], argv, env);
	answer(s, run, STARTER_UNABLE, errno, NULL);
	_exit(127);
}

static struct program *place_free(struct starter *s)
{
	for (size_t i = 0; i < STARTER_PROGRAMS; i++)
		if (!s->programs[i].pid)
			return &s->programs[i];
	return NULL;
}

static void start(struct starter *s, const struct starter_request *request, char **argv, char **env)
{
	struct program *p = place_free(s);
	_close_ int out = -1;
	int pipes[2];
	pid_t pid;

	if (!p)
		return answer(s, request->run, STARTER_FULL, 0, NULL);
	if (pipe2(pipes, O_CLOEXEC))
		return answer(s, request->run, STARTER_UNABLE, errno, NULL);
	out = pipes[1];
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (!pid)
		become_program(s, request->run, out, argv, env);
	if (pid < 0) {
		answer(s, request->run, STARTER_UNABLE, errno, NULL);
		close(pipes[0]);
		return;
	}
	*p = (struct program){ .pid = pid, .run = request->run, .out = pipes[0] };
}

/* ---- end ---- */

/* The group, and the program where it has not become a leader yet. */
static void group_kill(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

static void stop(struct starter *s, uint32_t run)
{
	for (size_t i = 0; i < STARTER_PROGRAMS; i++)
		if (s->programs[i].pid && s->programs[i].run == run)
			group_kill(s->programs[i].pid);
}

static struct program *program_of(struct starter *s, pid_t pid)
{
	for (size_t i = 0; i < STARTER_PROGRAMS; i++)
		if (s->programs[i].pid == pid)
			return &s->programs[i];
	return NULL;
}

/* Kills what programs have left behind, and not what is still in the group of one that runs. */
static void strays_kill(struct starter *s)
{
	_free_ char *line = NULL;
	size_t size = 0;
	FILE *list = fopen("/proc/thread-self/children", "re");

	if (!list)
		return;
	while (getdelim(&line, &size, ' ', list) > 0) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid > 0 && !program_of(s, pid) && !program_of(s, getpgid(pid)))
			kill(pid, SIGKILL);
	}
	fclose(list);
}

static void ended(struct starter *s, struct program *p, const siginfo_t *info)
{
	bool exited = info->si_code == CLD_EXITED;

	output_read(p);
	answer(s, p->run, exited ? STARTER_EXITED : STARTER_KILLED, info->si_status, p);
	if (p->out >= 0)
		close(p->out);
	*p = (struct program){};
}

/* The group is killed while its leader still has the number. */
static void children_reap(struct starter *s)
{
	struct signalfd_siginfo ignored;

	while (read(s->children, &ignored, sizeof(ignored)) > 0)
		;
	for (;;) {
		siginfo_t info = {};
		struct program *p;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
			break;
		p = program_of(s, info.si_pid);
		if (p)
			kill(-info.si_pid, SIGKILL);
		waitpid(info.si_pid, NULL, 0);
		if (p)
			ended(s, p, &info);
	}
	strays_kill(s);
}

/* The daemon has ended, or there is no understanding it. */
__attribute__((noreturn)) static void end(struct starter *s)
{
	for (size_t i = 0; i < STARTER_PROGRAMS; i++)
		if (s->programs[i].pid)
			group_kill(s->programs[i].pid);
	/* What has left the group of a program is the starter's child only when its parent is dead. */
	do
		strays_kill(s);
	while (waitpid(-1, NULL, 0) > 0);
	_exit(0);
}

/* ---- requests ---- */

/* Points to the texts of a request: false: they are not as many as it says. */
static bool texts_split(struct starter_request *request, size_t bytes, char **argv, char **env)
{
	char *at = request->text, *last = request->text + bytes;

	if (!request->args || request->args > request->texts || request->texts > STARTER_ARGS)
		return false;
	for (uint32_t i = 0; i < request->texts; i++) {
		char *nul = memchr(at, 0, last - at);

		if (!nul)
			return false;
		if (i < request->args)
			argv[i] = at;
		else
			env[i - request->args] = at;
		at = nul + 1;
	}
	argv[request->args] = NULL;
	env[request->texts - request->args] = NULL;
	return true;
}

static void request_in(struct starter *s)
{
	char *argv[STARTER_ARGS + 1], *env[STARTER_ARGS + 1];
	const size_t head = offsetof(struct starter_request, text);
	struct starter_request request;
	ssize_t got = recv(s->socket, &request, sizeof(request), 0);

	if (got < 0 && errno == EINTR)
		return;
	if (got < (ssize_t)head)
		end(s);
	if (request.what == STARTER_STOP)
		stop(s, request.run);
	else if (texts_split(&request, got - head, argv, env))
		start(s, &request, argv, env);
	else
		answer(s, request.run, STARTER_UNABLE, E2BIG, NULL);
}

static void turn(struct starter *s)
{
	struct pollfd polls[2 + STARTER_PROGRAMS] = {
		{ s->socket, POLLIN, 0 }, { s->children, POLLIN, 0 },
	};
	int err;

	for (size_t i = 0; i < STARTER_PROGRAMS; i++)
		polls[2 + i] = (struct pollfd){ s->programs[i].pid ? s->programs[i].out : -1,
						POLLIN, 0 };
	err = poll(polls, ARRAY_SIZE(polls), -1) < 0 ? errno : 0;
	if (err && err != EINTR)
		end(s);
	if (err)
		return;
	for (size_t i = 0; i < STARTER_PROGRAMS; i++)
		if (polls[2 + i].revents)
			output_read(&s->programs[i]);
	if (polls[1].revents)
		children_reap(s);
	if (polls[0].revents)
		request_in(s);
}

void starter_live(int fd)
{
	static struct starter s;
	sigset_t child;

	/* The daemon's end ends it, and no signal that is for the daemon. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	s.pid = getpid();
	s.socket = fd;
	s.children = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s.children < 0)
		_exit(1);
	while (true)
		turn(&s);
}
