// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection to the daemon: a request is sent, and its answer read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "cli/common/args.h"
#include "cli/common/asking.h"
#include "proto/proto.h"

json_t *request_new(const char *verb)
{
	return json_pack("{ss}", "do", verb);
}

void request_set(json_t *request, const char *key, const char *value)
{
	if (value)
		json_object_set_new(request, key, json_string(value));
}

static int daemon_connect(const char *path, struct why *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return why_set(why, -1, "%s: want a shorter path of a socket", path);
	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return why_set(why, -1, "xringd does not answer on %s: %s%s", path,
			 errno_text(errno),
			 errno == EACCES ? " (want root or the group xring)" : "");
	return take_fd(&fd);
}

static int send_all(int fd, struct buffer *b)
{
	while (buffer_len(b)) {
		ssize_t n = buffer_write(b, fd);

		if (n < 0 && n != -EINTR)
			return n;
	}
	return 0;
}

/* Takes the data or the reason out of an answer. 0, or the answer's exit code. */
static int answer_take(const json_t *answer, json_t **ret, struct why *why)
{
	if (json_is_true(json_object_get(answer, "ok"))) {
		*ret = json_incref(json_object_get(answer, "data"));
		return 0;
	}
	why_set(why, 0, "%s",
		 json_string_value(json_object_get(answer, "error")) ?: "no reason given");
	return json_integer_value(json_object_get(answer, "code")) ?: EXIT_NO;
}

void asking_end(struct asking *a)
{
	close(a->fd);
	buffer_clear(&a->b);
	a->fd = -1;
}

/* Sends the request in place of what was read last. 0 or an exit code. */
static int request_send(struct asking *a, const json_t *request, struct why *why)
{
	_free_ char *text = json_dumps(request, JSON_COMPACT);
	int err;

	if (!text)
		return why_set(why, EXIT_WORDS, "want text in UTF-8");
	buffer_clear(&a->b);
	err = buffer_append(&a->b, text, strlen(text)) ?: buffer_append(&a->b, "\n", 1);
	if (err)
		return why_set(why, EXIT_NO, "%s", errno_text(-err));
	send_all(a->fd, &a->b);	/* if this fails, a refusal may still wait to be read */
	buffer_clear(&a->b);
	return 0;
}

static int asking_open(struct asking *a, const char *path, struct why *why)
{
	int fd = daemon_connect(path, why);

	if (fd < 0)
		return ASK_NOBODY;
	*a = (struct asking){ .path = path, .fd = fd };
	return 0;
}

int asking_begin(struct asking *a, const char *path, json_t *request, struct why *why)
{
	int code = asking_open(a, path, why);

	if (!code) {
		code = request_send(a, request, why);
		if (code)
			asking_end(a);
	}
	json_decref(request);
	return code;
}

int asking_step(struct asking *a, json_t **ret, struct why *why)
{
	ssize_t n = buffer_read(&a->b, a->fd);
	json_t *answer = NULL;
	const char *line;
	size_t len;
	int code;

	line = buffer_line(&a->b, &len);
	if (!line && (n > 0 || n == -EINTR))
		return ASK_MORE;
	if (line)
		answer = json_loads(line, 0, NULL);
	if (!answer)
		return why_set(why, ASK_NOBODY, "xringd on %s hung up", a->path);
	code = answer_take(answer, ret, why);
	json_decref(answer);
	return code;
}

static int answer_wait(struct asking *a, json_t **ret, struct why *why)
{
	int code;

	while ((code = asking_step(a, ret, why)) == ASK_MORE)
		;
	return code;
}

int ask_quietly(const struct args *args, json_t *request, json_t **ret, struct why *why)
{
	struct asking a;
	int code = asking_begin(&a, args->socket, request, why);

	if (code)
		return code;
	code = answer_wait(&a, ret, why);
	asking_end(&a);
	return code;
}

static int print_refusal(int code, const struct why *why)
{
	if (code)
		fprintf(stderr, "xring: %s\n", why->text);
	return code == ASK_NOBODY ? EXIT_NO : code;
}

int ask(const struct args *args, json_t *request, json_t **ret)
{
	struct why why;
	int code = ask_quietly(args, request, ret, &why);
	const char *note = code ? NULL : json_string_value(json_object_get(*ret, "note"));

	if (note)
		fprintf(stderr, "xring: %s\n", note);
	return print_refusal(code, &why);
}

int ask_in_turn(const struct args *args, const json_t *requests, json_t **ret)
{
	const json_t *request;
	struct asking a;
	struct why why;
	size_t i;
	int code = asking_open(&a, args->socket, &why);

	if (code)
		return print_refusal(code, &why);
	json_array_foreach(requests, i, request) {
		json_decref(*ret);
		*ret = NULL;
		code = request_send(&a, request, &why) ?: answer_wait(&a, ret, &why);
		if (code)
			break;
	}
	asking_end(&a);
	return print_refusal(code, &why);
}

int ask_and_print(const struct args *args, json_t *request, void (*print)(const json_t *data))
{
	json_t *data = NULL;
	int code = ask(args, request, &data);

	if (!code && print && args->json)
		json_print(data);
	else if (!code && print)
		print(data);
	json_decref(data);
	return code;
}

int json_print(const json_t *data)
{
	json_dumpf(data, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	putchar('\n');
	return 0;
}
