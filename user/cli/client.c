// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/cli.h"
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

static int daemon_connect(const char *path, char why[ASK_WHY])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(why, ASK_WHY, "%s: want a shorter path of a socket", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		snprintf(why, ASK_WHY, "xringd does not answer on %s: %s%s", path,
			 errno_text(errno),
			 errno == EACCES ? " (want root or the group xring)" : "");
		return -1;
	}
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

/* The answer's line; NULL where the daemon hung up. */
static char *exchange(int fd, const char *request, struct buffer *b)
{
	size_t len;
	char *line;

	if (buffer_append(b, request, strlen(request)) || buffer_append(b, "\n", 1))
		return NULL;
	send_all(fd, b);	/* a refusal may wait to be read although this fails */
	buffer_clear(b);
	while (!(line = buffer_line(b, &len)))
		if (buffer_read(b, fd) <= 0)
			return NULL;
	return line;
}

/* The answer's data or reason; 0, or its exit code. */
static int answer_take(const json_t *answer, json_t **ret, char why[ASK_WHY])
{
	if (json_is_true(json_object_get(answer, "ok"))) {
		*ret = json_incref(json_object_get(answer, "data"));
		return 0;
	}
	snprintf(why, ASK_WHY, "%s",
		 json_string_value(json_object_get(answer, "error")) ?: "no reason given");
	return json_integer_value(json_object_get(answer, "code")) ?: EXIT_NO;
}

int ask_quietly(const struct args *args, json_t *request, json_t **ret, char why[ASK_WHY])
{
	_free_ char *text = json_dumps(request, JSON_COMPACT);
	_close_ int fd = -1;
	struct buffer b = {};
	json_t *answer;
	const char *line;
	int code;

	json_decref(request);
	if (!text) {
		snprintf(why, ASK_WHY, "want text in UTF-8");
		return EXIT_WORDS;
	}
	fd = daemon_connect(args->socket, why);
	if (fd < 0)
		return ASK_NOBODY;
	line = exchange(fd, text, &b);
	answer = line ? json_loads(line, 0, NULL) : NULL;
	buffer_clear(&b);
	if (!answer) {
		snprintf(why, ASK_WHY, "xringd on %s hung up", args->socket);
		return ASK_NOBODY;
	}
	code = answer_take(answer, ret, why);
	json_decref(answer);
	return code;
}

int ask(const struct args *args, json_t *request, json_t **ret)
{
	char why[ASK_WHY];
	int code = ask_quietly(args, request, ret, why);

	if (code)
		fprintf(stderr, "xring: %s\n", why);
	return code == ASK_NOBODY ? EXIT_NO : code;
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
