// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading from the state directory: nothing that is found there forbids a start. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/seal.h"
#include "base/util.h"
#include "daemon/engine/state.h"

#define UNSEALED_MAX (16 << 20)		/* version 0.3.0 itself could read no more */

/* ---- reading ---- */

static int read_whole(int fd, char *to, size_t size, struct why *why)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = pread(fd, to + at, size - at, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return why_set(why, -EIO, "%s", errno_text(got ? errno : EIO));
		at += got;
	}
	return 0;
}

/* Opens an ordinary file alone: a pipe would block, a device may do anything. */
static int open_ordinary(const char *path, int *ret_fd, size_t *ret_size, struct why *why)
{
	_close_ int fd = -1;
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? -ENOENT : why_set(why, -errno, "%s", errno_text(errno));
	if (stat(path, &st))
		return why_set(why, -EINVAL, "%s", errno_text(errno));
	if (!S_ISREG(st.st_mode))
		return why_set(why, -EINVAL, "want an ordinary file");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return why_set(why, -EINVAL, "%s", errno_text(errno));
	*ret_fd = take_fd(&fd);
	*ret_size = st.st_size;
	return 0;
}

/* Is that size possible? By the seal, so that no such file is too long to be read. */
static int size_check(const struct state *st, enum state_name name, int fd, size_t size, struct why *why)
{
	char head[SEAL_BYTES] = "";
	size_t begun = size < sizeof(head) ? size : sizeof(head), len, more;
	int err = read_whole(fd, head, begun, why);

	if (err)
		return err;
	/* Version 0.3.0 left `homes` empty where nobody had a home. */
	if (!size && name == STATE_HOMES && st->old)
		return 0;
	switch (seal_look(head, begun, &len)) {
	case SEAL_BROKEN:
		return why_set(why, -EINVAL, size ? "its seal is broken" : "it is empty");
	case SEAL_NONE:
		return size <= UNSEALED_MAX ? 0 :
		       why_set(why, -EINVAL, "%zu bytes without a seal: want at most %u", size,
			       UNSEALED_MAX);
	case SEAL_RIGHT:
		break;
	}
	more = size - SEAL_BYTES;
	if (len > more || (more > len && !state_file_grows(name)) || more / 4 > len + UNSEALED_MAX)
		return why_set(why, -EINVAL, "%zu bytes after its seal: want %zu", more, len);
	return 0;
}

/* Takes the seal off, in place. */
static int unseal(char *text, size_t *size, struct why *why)
{
	size_t len;
	enum seal seal = *size ? seal_check(text, *size, &len) : SEAL_NONE;

	if (seal == SEAL_BROKEN)
		return why_set(why, -EINVAL, "its text is not what was sealed");
	if (seal == SEAL_NONE)
		return 0;
	*size -= SEAL_BYTES;
	memmove(text, text + SEAL_BYTES, *size);
	return 0;
}

static int text_read(struct state *st, enum state_name name, char **ret, size_t *ret_len,
		     struct why *why)
{
	_close_ int fd = -1;
	_free_ char *text = NULL;
	char path[512];
	size_t size;
	int err = open_ordinary(state_path(st, name, path), &fd, &size, why) ?:
		  size_check(st, name, fd, size, why);

	if (err)
		return err;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	err = read_whole(fd, text, size, why) ?: unseal(text, &size, why);
	if (err)
		return err;
	text[size] = '\0';
	*ret = take_ptr(text);
	*ret_len = size;
	return 0;
}

int state_read(struct state *st, enum state_name name, char **ret, size_t *ret_len)
{
	struct why why;
	int err;

	*ret = NULL;
	*ret_len = 0;
	if (st->lock < 0)
		return 0;
	err = text_read(st, name, ret, ret_len, &why);
	if (!err || err == -ENOMEM)
		return err;
	if (err != -ENOENT)
		state_set_aside(st, name, "%s", why.text);
	return 0;
}

/* ---- what became maps ---- */

static bool is_blank(const uint8_t *memory, size_t size)
{
	return !memory[0] && !memcmp(memory, memory + 1, size - 1);
}

void state_copy_to_map(const struct state *st, const char *name, void *memory, size_t size)
{
	char path[512], aside[32];
	_close_ int fd = -1;
	_free_ void *copy = malloc(size);
	struct why why;
	size_t has;
	int err;

	snprintf(path, sizeof(path), "%s/%s", st->dir, name);
	err = !copy ? -ENOENT : open_ordinary(path, &fd, &has, &why) ?:
	      read_whole(fd, copy, has < size ? has : size, &why);
	if (err == -ENOENT)
		return;
	if (err) {
		err = state_rename(st, name, aside);
		log_warn("state directory %s: %s: %s: it is left out%s%s", st->dir, name, why.text,
			 err ? "" : ", and is now ", err ? "" : aside);
		return;
	}
	if (is_blank(memory, size))
		memcpy(memory, copy, has < size ? has : size);
}

void state_forget(const struct state *st, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", st->dir, name);
	unlink(path);
}
