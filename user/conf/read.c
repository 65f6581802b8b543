// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "conf/yaml.h"

#define READ_BYTES 65536u
#define READ_TRIES 3

struct line {
	const char *text;
	size_t len;
};

static int fail_errno(struct why *err, const char *path, int error)
{
	location_fail(err, path, (struct location){ 0 }, "%s", errno_text(error));
	return error;
}

/*
 * Refuses a file that is too large before it is read. Pipes and files under /proc have no
 * size yet, and show 0.
 */
static int check_size(int fd, const char *path, struct why *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail_errno(err, path, -errno);
	if (S_ISREG(st.st_mode) && st.st_size > CONF_BYTES_MAX)
		return location_fail(err, path, (struct location){ 0 }, "%jd bytes: want at most %u",
				  (intmax_t)st.st_size, CONF_BYTES_MAX);
	return 0;
}

static int read_all(int fd, const char *path, char **ret_text, size_t *ret_len, struct why *err)
{
	_free_ char *text = NULL;
	size_t len = 0, room = 0;
	ssize_t got = 1;
	int failed = check_size(fd, path, err);

	if (failed)
		return failed;
	while (got > 0) {
		if (len > CONF_BYTES_MAX)
			return location_fail(err, path, (struct location){ 0 },
					  "more than %u bytes: want at most that",
					  CONF_BYTES_MAX);
		if (len == room) {
			char *grown = realloc(text, room ? 2 * room : READ_BYTES);

			if (!grown)
				return conf_no_memory(err, path);
			text = grown;
			room = room ? 2 * room : READ_BYTES;
		}
		got = read(fd, text + len, room - len);
		if (got > 0)
			len += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			return fail_errno(err, path, -errno);
	}
	*ret_text = take_ptr(text);
	*ret_len = len;
	return 0;
}

/*
 * Is what was read, `len` bytes, still the file of that name? Only a regular file can tell; files
 * under /proc say that they are empty, before and after.
 */
static bool is_still(const char *path, const struct stat *was, size_t len)
{
	struct stat is;

	if (!S_ISREG(was->st_mode) || stat(path, &is))
		return true;
	if (!was->st_size)
		return !is.st_size;
	return is.st_dev == was->st_dev && is.st_ino == was->st_ino &&
	       is.st_size == was->st_size && (uintmax_t)is.st_size == len &&
	       is.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       is.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

/* Reads the file of that name once; *ret_still: it did not change meanwhile. */
static int read_once(const char *path, char **ret_text, size_t *ret_len, bool *ret_still,
		     struct why *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int failed;

	if (fd < 0 || fstat(fd, &st))
		return fail_errno(err, path, -errno);
	failed = read_all(fd, path, ret_text, ret_len, err);
	if (!failed)
		*ret_still = is_still(path, &st, *ret_len);
	return failed;
}

int conf_read(const char *path, char **ret_text, size_t *ret_len, struct why *err)
{
	bool still;

	for (int i = 0; i < READ_TRIES; i++) {
		int failed = read_once(path, ret_text, ret_len, &still, err);

		if (failed || still)
			return failed;
		free(*ret_text);
	}
	return location_fail(err, path, (struct location){ 0 },
			     "it changes while it is read: want it whole");
}

/* The length of the text without its last line; *ret is that line, without blanks behind it. */
static size_t last_line(const char *text, size_t len, struct line *ret)
{
	size_t end = len, start;

	while (end && strchr(" \t\r\n", text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] != '\n'; start--)
		;
	*ret = (struct line){ text + start, end - start };
	return start;
}

static bool is_comment(const struct line *line)
{
	size_t i = 0;

	while (i < line->len && strchr(" \t", line->text[i]))
		i++;
	return i < line->len && line->text[i] == '#';
}

bool conf_ends(const char *text, size_t len)
{
	struct line line;

	do {
		len = last_line(text, len, &line);
	} while (len && is_comment(&line));
	return line.len >= strlen(CONF_END) && !memcmp(line.text, CONF_END, strlen(CONF_END)) &&
	       (line.len == strlen(CONF_END) || strchr(" \t", line.text[strlen(CONF_END)]));
}
