// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether there is a starter, and the daemon's end of its socket. */
#include "daemon/starter/starter.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "daemon/starter/message.h"

static struct {
	int fd;				/* -1: there is no starter */
	pid_t pid;			/* 0: there was none, or it has been waited for */
	struct why why;			/* why no program can be started; empty: programs can be */
} starter = { .fd = -1, .why = { "want xringd to have a starter of programs" } };

#define STARTER_NOT_GROUP "xring"	/* whose members may use the control socket */

/* ---- whether there can be one ---- */

/* Becoming another user takes these, and an empty bounding set the last. */
static bool may_become(void)
{
	static const cap_value_t wanted[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP };
	cap_t now = cap_get_proc();
	bool may = now;

	for (size_t i = 0; now && i < ARRAY_SIZE(wanted); i++) {
		cap_flag_value_t have = CAP_CLEAR;

		cap_get_flag(now, wanted[i], CAP_EFFECTIVE, &have);
		may = may && have == CAP_SET;
	}
	cap_free(now);
	return may;
}

/* The user of programs; NULL: there is none, and starter.why says so. */
static const struct passwd *user_find(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		why_set(&starter.why, 0, "want a user %.64s of this host", name);
	else if (!user->pw_uid || !user->pw_gid)
		why_set(&starter.why, 0, "want %.64s without root's user and group", name);
	else
		return user;
	return NULL;
}

/* Programs must have nothing that is the daemon's: its user's files, and the control socket's group. */
static bool is_apart(const struct passwd *user, const char *daemon)
{
	uid_t uid = user->pw_uid;
	gid_t gid = user->pw_gid;
	const struct passwd *other = getpwnam(daemon);	/* `user` must not be read any more */
	const struct group *group = getgrnam(STARTER_NOT_GROUP);
	bool apart = uid != geteuid() && gid != getegid() && (!group || gid != group->gr_gid) &&
		     (!other || !other->pw_uid || (uid != other->pw_uid && gid != other->pw_gid));

	if (!apart)
		why_set(&starter.why, 0, "want --exec-user another user, of another group, than "
			"that of xringd");
	return apart;
}

void starter_look(const char *user)
{
	if (user_find(user ?: STARTER_USER))
		starter.why = (struct why){};
}

const char *starter_why(void)
{
	return *starter.why.text ? starter.why.text : NULL;
}

/* ---- the process ---- */

static int starter_fork(const struct passwd *user)
{
	int pair[2], err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid) {
		err = starter_confine(user, pair[1]);
		if (err)
			_exit(-err);
		/* Its first word: it has no rights any more. */
		if (send(pair[1], &(struct starter_answer){}, sizeof(struct starter_answer),
			 MSG_NOSIGNAL) < 0)
			_exit(1);
		starter_live(pair[1]);
	}
	err = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (err) {
		close(pair[0]);
		return err;
	}
	starter.fd = pair[0];
	starter.pid = pid;
	return 0;
}

/* Waits until the starter has lost its rights, or has failed to. */
static int starter_begun(void)
{
	struct starter_answer begun;
	int status = 0;

	if (recv(starter.fd, &begun, sizeof(begun), 0) == sizeof(begun))
		return 0;
	close(starter.fd);
	starter.fd = -1;
	waitpid(starter.pid, &status, 0);
	starter.pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) ? -WEXITSTATUS(status) : -EIO;
}

int starter_open(const char *name, const char *daemon)
{
	const struct passwd *user = user_find(name ?: STARTER_USER);
	int err;

	if (!user)
		return name ? log_err(0, "--exec-user: %s", starter.why.text) ?: -EINVAL : 0;
	if (!may_become()) {
		why_set(&starter.why, -EPERM, "want xringd started by root, or by the unit with exec.conf");
		return name ? log_err(-EPERM, "--exec-user %s: want it started by root", name) : 0;
	}
	if (!is_apart(user, daemon))
		return name ? log_err(0, "%s", starter.why.text) ?: -EINVAL : 0;
	user = user_find(name ?: STARTER_USER);
	err = user ? starter_fork(user) ?: starter_begun() : -ENOENT;
	if (err) {
		why_set(&starter.why, 0, "want a starter of programs: %s", errno_text(-err));
		log_err(err, "programs of checks cannot be started");
	} else {
		starter.why = (struct why){};
	}
	return 0;
}

void starter_close(void)
{
	closep(&starter.fd);
	starter.fd = -1;
	/* It ends at once; the daemon's own end does not depend on that. */
	for (int tries = 0; starter.pid && tries < 50; tries++) {
		starter_reap();
		if (starter.pid)
			usleep(10000);
	}
	starter.pid = 0;
}

/* ---- the daemon's end ---- */

int starter_fd(void)
{
	return starter.fd;
}

void starter_lost(void)
{
	if (starter.fd >= 0)
		log_err(0, "the starter of programs has ended: checks of type exec are not made until "
			"xringd is started again");
	closep(&starter.fd);
	starter.fd = -1;
	why_set(&starter.why, 0, "the starter of programs has ended, want xringd started again");
	starter_reap();
}

void starter_reap(void)
{
	if (starter.fd < 0 && starter.pid && waitpid(starter.pid, NULL, WNOHANG) == starter.pid)
		starter.pid = 0;
}

static int say(const struct starter_request *request, size_t bytes)
{
	ssize_t sent = send(starter.fd, request, offsetof(struct starter_request, text) + bytes,
			    MSG_NOSIGNAL | MSG_DONTWAIT);

	return sent < 0 ? -errno : 0;
}

/* Appends texts; false: there is no room. */
static bool texts_add(struct starter_request *request, size_t *at, const char *const *texts)
{
	for (; *texts; texts++, request->texts++) {
		size_t len = strlen(*texts) + 1;

		if (*at + len > sizeof(request->text) || request->texts == STARTER_ARGS)
			return false;
		memcpy(request->text + *at, *texts, len);
		*at += len;
	}
	return true;
}

int starter_start(uint32_t run, const struct starter_program *program)
{
	struct starter_request request = { .run = run, .what = STARTER_START };
	size_t at = 0;

	if (!texts_add(&request, &at, program->argv))
		return -E2BIG;
	request.args = request.texts;
	if (!texts_add(&request, &at, program->env))
		return -E2BIG;
	return say(&request, at);
}

void starter_stop(uint32_t run)
{
	struct starter_request request = { .run = run, .what = STARTER_STOP };

	/* A starter that takes no more messages does not answer either: its socket's end ends it. */
	if (starter.fd >= 0 && say(&request, 0))
		shutdown(starter.fd, SHUT_RDWR);
}

int starter_read(struct starter_answer *ret)
{
	ssize_t got = recv(starter.fd, ret, sizeof(*ret), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got != sizeof(*ret))
		return got < 0 ? -errno : -EPIPE;
	ret->output[STARTER_OUTPUT] = '\0';
	return 1;
}
