// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket: who may connect, and how lines are answered without delaying others. */
#include "daemon/control/socket.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "daemon/control/turns.h"
#include "proto/proto.h"

#define GROUP "xring"
#define CLIENTS_MAX 4096
#define PAUSE_MS 100
#define FILES_KEPT 64			/* descriptors kept for the daemon itself */
#define TURN_NS (2 * NS_PER_MS)		/* of answers, in one turn of the loop */
#define ANSWERS_PAUSE 65536		/* with that many bytes unfetched no request is answered */

struct client {
	struct control *control;
	struct client *next, **previous;
	struct loop_source source;
	uid_t uid;
	struct buffer in, out;
	void *kept;			/* by control_answers, between two lines */
	struct later later;		/* where the answer to the last line comes from */
	struct loop_source aside_source;
	bool whole;			/* its last byte so far was the end of the line */
	bool finished;			/* the client sends no more: close when all is sent */
	bool refused;			/* requests are not answered any more */
	uint32_t events;		/* what the loop waits for */
};

struct control {
	struct loop *loop;
	struct loop_source source;
	struct loop_timer pause;	/* nobody is accepted until it expires */
	char path[108];
	struct control_answers answers;
	struct client *clients;
	unsigned count, most;
	unsigned in_turns;		/* clients whose answer is made in turns */
	gid_t group;			/* (gid_t)-1: there is none */
};

static void client_aside_end(struct client *c)
{
	if (c->later.aside.fd >= 0)
		loop_remove(c->control->loop, &c->aside_source);
	aside_end(&c->later.aside);
}

static void client_turns_end(struct client *c)
{
	c->control->in_turns -= c->later.turns != NULL;
	turns_free(c->later.turns);
	c->later.turns = NULL;
}

static void client_close(struct client *c)
{
	client_aside_end(c);
	client_turns_end(c);
	loop_remove(c->control->loop, &c->source);
	shutdown(c->source.fd, SHUT_RDWR);	/* copies of the daemon have it too */
	close(c->source.fd);
	buffer_clear(&c->in);
	buffer_clear(&c->out);
	c->control->answers.forget(c->kept);
	*c->previous = c->next;
	if (c->next)
		c->next->previous = c->previous;
	c->control->count--;
	free(c);
}

static void client_say(struct client *c, const char *text)
{
	if (!text || buffer_append(&c->out, text, strlen(text)) ||
	    buffer_append(&c->out, "\n", 1))
		c->finished = c->refused = true;
}

static void client_refuse(struct client *c)
{
	client_say(c, "{\"ok\":false,\"error\":\"request: want a line of at most 1 MiB\","
		   "\"code\":2}");
	c->finished = c->refused = true;
}

static void aside_ready(void *context, uint32_t events);

/* Waits for the rest of the answer. */
static void client_aside(struct client *c)
{
	c->aside_source = (struct loop_source){ c->later.aside.fd, aside_ready, c };
	if (!loop_add(c->control->loop, &c->aside_source, EPOLLIN))
		return;
	aside_end(&c->later.aside);
	client_say(c, NULL);
}

/* The next part of an answer that is made in turns: all clients that have one share the time. */
static void client_turns(struct client *c)
{
	int done;

	if (!c->later.turns || buffer_len(&c->out) >= ANSWERS_PAUSE)
		return;
	done = turns_more(c->later.turns, &c->out, TURN_NS / c->control->in_turns);
	if (done)
		client_turns_end(c);
	if (done < 0)
		client_say(c, NULL);
}

/* Is the answer to the last line not whole? */
static bool is_later(const struct client *c)
{
	return c->later.aside.fd >= 0 || c->later.turns;
}

/* Answers the client's lines, while the client fetches the answers. */
static void client_lines(struct client *c)
{
	const struct control_answers *answers = &c->control->answers;

	while (!c->refused && !is_later(c) && buffer_len(&c->out) < ANSWERS_PAUSE) {
		_free_ char *answer = NULL;
		size_t len;
		char *line = buffer_line(&c->in, &len);

		if (line ? len > PROTO_REQUEST_MAX : buffer_len(&c->in) > PROTO_REQUEST_MAX) {
			client_refuse(c);
			return;
		}
		if (!line)
			return;
		answer = answers->answer(answers->context, c->uid, &c->kept, line, len,
					 &c->later);
		c->control->in_turns += c->later.turns != NULL;
		if (c->later.aside.fd >= 0)
			client_aside(c);
		else if (!c->later.turns)
			client_say(c, answer);
	}
}

/* Returns 1 if all is sent, 0 if the rest must wait, or a negative errno. */
static int client_send(struct client *c)
{
	while (buffer_len(&c->out)) {
		ssize_t n = buffer_write(&c->out, c->source.fd);

		if (n < 0)
			return n == -EAGAIN ? 0 : n;
	}
	return 1;
}

/*
 * Answers and sends in turn, a limited amount for each turn of the loop, so that others do
 * not wait.
 */
static void client_turn(struct client *c)
{
	bool more, aside;
	uint32_t events;
	int sent;

	client_lines(c);
	client_turns(c);
	aside = c->later.aside.fd >= 0;
	sent = client_send(c);
	more = sent > 0 && !aside && !c->refused && (c->later.turns || buffer_has_line(&c->in));
	if (sent < 0 || (sent > 0 && !more && !aside && c->finished)) {
		client_close(c);
		return;
	}
	/* While answers or lines wait, no more requests are read. */
	events = !sent || more ? EPOLLOUT : aside ? 0 : EPOLLIN;
	if (events == c->events)
		return;
	c->events = events;
	loop_modify(c->control->loop, &c->source, events);
}

/* More of an answer, or its end. A copy that died before the end leaves no whole line. */
static void aside_ready(void *context, uint32_t events)
{
	struct client *c = context;
	ssize_t n = buffer_read(&c->out, c->later.aside.fd);

	(void)events;
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n > 0) {
		c->whole = c->out.data[c->out.end - 1] == '\n';
	} else {
		client_aside_end(c);
		if (!c->whole)
			c->finished = c->refused = true;
		c->whole = false;
	}
	client_turn(c);
}

static void client_ready(void *context, uint32_t events)
{
	struct client *c = context;

	if (events & EPOLLIN) {
		ssize_t n = buffer_read(&c->in, c->source.fd);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0) {
			client_close(c);
			return;
		}
		if (!n)
			c->finished = true;
	} else if (events & (EPOLLERR | EPOLLHUP)) {
		client_close(c);
		return;
	}
	client_turn(c);
}

static bool in_group(int fd, gid_t primary, gid_t group)
{
	gid_t groups[NGROUPS_MAX > 1024 ? 1024 : NGROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (group == (gid_t)-1)
		return false;
	if (primary == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool client_allowed(const struct control *control, int fd, uid_t *ret)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	*ret = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid() || in_group(fd, peer.gid, control->group);
}

static void client_new(struct control *control, int fd)
{
	static const char denied[] = "{\"ok\":false,\"error\":\"control socket: "
				     "want root or the group " GROUP "\",\"code\":1}\n";
	struct client *c;
	uid_t uid;

	if (!client_allowed(control, fd, &uid)) {
		(void)!send(fd, denied, sizeof(denied) - 1, MSG_NOSIGNAL);
		close(fd);
		return;
	}
	c = control->count < control->most ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		close(fd);
		return;
	}
	c->control = control;
	c->uid = uid;
	c->later.aside.fd = -1;
	c->events = EPOLLIN;
	c->source = (struct loop_source){ fd, client_ready, c };
	if (loop_add(control->loop, &c->source, EPOLLIN)) {
		close(fd);
		free(c);
		return;
	}
	c->next = control->clients;
	c->previous = &control->clients;
	if (c->next)
		c->next->previous = &c->next;
	control->clients = c;
	control->count++;
}

static void control_ready(void *context, uint32_t events)
{
	struct control *control = context;
	int fd;

	(void)events;
	while ((fd = accept4(control->source.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		client_new(control, fd);
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		/* Without a free descriptor it stays ready, and the loop would do nothing else. */
		loop_modify(control->loop, &control->source, 0);
		loop_timer_set(&control->pause, PAUSE_MS);
	}
}

static void pause_over(void *context)
{
	struct control *control = context;

	loop_modify(control->loop, &control->source, EPOLLIN);
}

/* Removes a socket file that no daemon answers at. -EADDRINUSE: one does. */
static int path_free(const char *path, const struct sockaddr_un *address)
{
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;

	if (lstat(path, &st) && errno == ENOENT)
		return 0;
	if (fd < 0 || lstat(path, &st))
		return log_err(-errno, "control socket %s", path);
	if (!S_ISSOCK(st.st_mode)) {
		log_err(0, "control socket %s: there is something else of that name", path);
		return -EEXIST;
	}
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	    errno == ECONNREFUSED)
		return unlink(path) ? log_err(-errno, "control socket %s", path) : 0;
	log_err(0, "another xringd answers on %s", path);
	return -EADDRINUSE;
}

static void directory_make(const char *path)
{
	char copy[108];

	snprintf(copy, sizeof(copy), "%s", path);
	mkdir(dirname(copy), 0755);
}

/*
 * Raises the limit of file descriptors, as each client takes one. Returns how many clients
 * there may be.
 */
static unsigned files_raise(void)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		rlim_t now = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			limit.rlim_cur = now;
	}
	if (limit.rlim_cur <= 2 * FILES_KEPT)
		return FILES_KEPT;
	return limit.rlim_cur - FILES_KEPT < CLIENTS_MAX ? limit.rlim_cur - FILES_KEPT :
							   CLIENTS_MAX;
}

static int control_listen(struct control *control)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct group *group;
	mode_t mask;
	int err;

	errno = 0;
	group = getgrnam(GROUP);
	if (!group && (errno == ENOMEM || errno == EMFILE || errno == ENFILE))
		return log_err(-errno, "group " GROUP);

	strcpy(address.sun_path, control->path);
	directory_make(control->path);
	err = path_free(control->path, &address);
	if (err)
		return err;
	control->group = group ? group->gr_gid : (gid_t)-1;
	control->source.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (control->source.fd < 0)
		return log_err(-errno, "control socket");
	mask = umask(0117);		/* 0660 */
	err = bind(control->source.fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(mask);
	if (err)
		return log_err(err, "control socket %s", control->path);
	if (group && chown(control->path, -1, group->gr_gid))
		log_warn("control socket %s: not of the group " GROUP ": %s", control->path,
			 errno_text(errno));
	if (listen(control->source.fd, 1024))
		return log_err(-errno, "control socket %s", control->path);
	return loop_add(control->loop, &control->source, EPOLLIN);
}

int control_open(struct loop *loop, const char *path, const struct control_answers *answers,
		 struct control **ret)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control)
		return -ENOMEM;
	if (strlen(path) >= sizeof(control->path)) {
		free(control);
		return log_err(-ENAMETOOLONG, "control socket %s", path);
	}
	control->most = files_raise();
	strcpy(control->path, path);
	control->loop = loop;
	control->answers = *answers;
	control->source = (struct loop_source){ -1, control_ready, control };
	control->pause.source.fd = -1;
	err = loop_timer_new(loop, &control->pause, pause_over, control) ?: control_listen(control);
	if (err) {
		if (control->pause.source.fd >= 0)
			loop_timer_close(loop, &control->pause);
		closep(&control->source.fd);
		free(control);
		return err;
	}
	*ret = control;
	return 0;
}

void control_close(struct control *control)
{
	while (control->clients)
		client_close(control->clients);
	loop_timer_close(control->loop, &control->pause);
	loop_remove(control->loop, &control->source);
	close(control->source.fd);
	unlink(control->path);
	free(control);
}
