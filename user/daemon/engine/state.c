// SPDX-License-Identifier: GPL-2.0-or-later
/* The state directory: its lock, what is written there, and what waits to be written. */
#include "daemon/engine/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/util.h"

/* ---- the directory ---- */

static int directory_lock(const char *dir, int *ret, struct why *why)
{
	_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return why_set(why, -errno, "state directory %s: %s", dir, errno_text(errno));
	fchmod(fd, 0700);	/* whoever can open it could lock it; a read-only disk stays as it is */
	if (flock(fd, LOCK_EX | LOCK_NB))
		return why_set(why, -EBUSY, "another xringd keeps its state in %s: want --state DIR",
			       dir);
	*ret = take_fd(&fd);
	return 0;
}

int state_open(const char *dir, struct state **ret)
{
	struct state *st = calloc(1, sizeof(*st));
	struct why why;
	int err;

	if (!st)
		return -ENOMEM;
	*st = (struct state){ .dir = dir, .lock = -1 };
	err = strlen(dir) > 400 ? why_set(&why, -ENAMETOOLONG, "state directory %s: %s", dir,
					  errno_text(ENAMETOOLONG)) :
	      directory_lock(dir, &st->lock, &why);
	if (err == -EBUSY || err == -ENAMETOOLONG) {
		log_err(0, "%s", why.text);
		state_close(st);
		return err;
	}
	/* It always had this file, which this version takes away (state_forget()). */
	st->old = st->lock >= 0 && !faccessat(st->lock, "since", F_OK, AT_SYMLINK_NOFOLLOW);
	if (err && err != -ENOENT)
		log_warn("%s: what an earlier daemon kept there is not known", why.text);
	*ret = st;
	return 0;
}

void state_close(struct state *st)
{
	if (!st)
		return;
	closep(&st->lock);
	for (int i = 0; i < STATE_FILES; i++)
		free(st->file[i].waiting);
	free(st);
}

/* Is the locked directory the one that the path names? */
static bool still_there(const struct state *st)
{
	struct stat locked, named;

	return st->lock >= 0 && !fstat(st->lock, &locked) && !stat(st->dir, &named) &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* The files of a directory that came later, which nobody has read, must not be lost. */
static int strangers_rename(struct state *st, struct why *why)
{
	for (enum state_name i = 0; i < STATE_FILES; i++) {
		char path[512], *aside = st->file[i].aside;
		struct stat any;
		int err;

		if (lstat(state_path(st, i, path), &any))
			continue;
		err = state_rename(st, state_file_name(i), aside);
		if (err) {
			*aside = '\0';
			return why_set(why, err, "%s: %s", path, errno_text(err));
		}
		log_warn("%s was not there when the daemon started: it is %s now", path, aside);
	}
	return 0;
}

/*
 * Makes or opens the directory where it was not there, or is another one now: *ret is its lock.
 * -1: it is the one that is locked already.
 */
static int directory_ready(struct state *st, int *ret, struct why *why)
{
	_close_ int fd = -1;
	int err;

	*ret = -1;
	if (still_there(st))
		return 0;
	if (mkdir(st->dir, 0700) && errno != EEXIST)
		return why_set(why, -errno, "state directory %s: %s", st->dir, errno_text(errno));
	err = directory_lock(st->dir, &fd, why) ?: strangers_rename(st, why);
	if (!err)
		*ret = take_fd(&fd);
	return err;
}

/* ---- writing ---- */

static char *sealed(const char *text, size_t len)
{
	char *copy = malloc(SEAL_BYTES + len + 1);

	if (!copy)
		return NULL;
	seal_print(text, len, copy);
	memcpy(copy + SEAL_BYTES, text, len);
	return copy;
}

static int put(struct state *st, enum state_name name, const char *text, size_t len,
	       struct why *why)
{
	_close_ int lock = -1;
	char path[512];
	int err = directory_ready(st, &lock, why);

	if (err)
		return err;
	err = file_replace(state_path(st, name, path), text, len, 0640);
	if (err)
		return why_set(why, err, "state directory %s: %s: %s", st->dir,
			       state_file_name(name), errno_text(err));
	if (lock >= 0) {
		closep(&st->lock);
		st->lock = take_fd(&lock);
	}
	return 0;
}

/* Says when keeping begins to fail, fails for another reason, and works again. */
static void say(struct state *st, const struct why *why)
{
	if (!strcmp(st->why.text, why->text))
		return;
	if (*why->text)
		log_of(LOG_LEVEL_WARNING, "state", NULL, "%s: changes are refused until it can be written",
		       why->text);
	else
		log_of(LOG_LEVEL_INFO, "state", NULL, "state directory %s: all is kept again", st->dir);
	st->why = *why;
}

int state_retry(struct state *st)
{
	struct why why = {};
	int err = 0;

	for (enum state_name i = 0; i < STATE_FILES && !err; i++) {
		struct state_file *f = &st->file[i];

		if (!f->waiting)
			continue;
		err = put(st, i, f->waiting, f->len, &why);
		if (err)
			break;
		free(f->waiting);
		f->waiting = NULL;
	}
	say(st, &why);
	return err;
}

void state_keep(struct state *st, enum state_name name, const char *text, size_t len)
{
	struct state_file *f = &st->file[name];
	char *copy = sealed(text, len);

	if (!copy) {
		log_err(-ENOMEM, "state directory %s: %s", st->dir, state_file_name(name));
		return;
	}
	free(f->waiting);
	f->waiting = copy;
	f->len = SEAL_BYTES + len;
	state_retry(st);
}

int state_write(struct state *st, enum state_name name, const char *text, size_t len,
		struct why *why)
{
	_free_ char *copy = NULL;
	int err = state_retry(st);

	if (err) {
		*why = st->why;
		return err;
	}
	copy = sealed(text, len);
	if (!copy)
		return why_set(why, -ENOMEM, "state directory %s: %s: %s", st->dir, state_file_name(name),
			       errno_text(ENOMEM));
	return put(st, name, copy, SEAL_BYTES + len, why);
}

int state_append(struct state *st, enum state_name name, const char *text, size_t len)
{
	char path[512];
	_close_ int fd = -1;

	if (st->file[name].waiting || !still_there(st))
		return -EAGAIN;
	fd = open(state_path(st, name, path),
		  O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, len) == (ssize_t)len ? 0 : -EIO;
}
