// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/step.h"
#include "base/util.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= n;
	}
	return 0;
}

static int directory_sync(const char *path)
{
	char copy[PATH_MAX];
	_close_ int fd = -1;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) ? -errno : 0;
}

/* Who may not give files away keeps the new one. */
static int look_like(int fd, const struct stat *old)
{
	if (fchmod(fd, old->st_mode & 07777))
		return -errno;
	return fchown(fd, old->st_uid, old->st_gid) && errno != EPERM ? -errno : 0;
}

int file_replace(const char *path, const char *text, size_t len, unsigned mode)
{
	char fresh[PATH_MAX];
	_close_ int fd = -1;
	struct stat old;
	int err;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	remove(fresh);		/* whatever a crash has left, or somebody has put there */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, len);
	if (!err && !stat(path, &old))
		err = look_like(fd, &old);
	if (!err && fsync(fd))
		err = -errno;
	step();
	if (!err && rename(fresh, path))
		err = -errno;
	if (err) {
		unlink(fresh);
		return err;
	}
	return directory_sync(path);
}

int file_open_ordinary(const char *path, int *ret, struct stat *ret_stat)
{
	_close_ int there = open(path, O_PATH | O_CLOEXEC), fd = -1;
	char name[64];

	if (there < 0 || fstat(there, ret_stat))
		return -errno;
	if (S_ISDIR(ret_stat->st_mode))
		return -EISDIR;
	if (!S_ISREG(ret_stat->st_mode))
		return -EINVAL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", there);
	fd = open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = take_fd(&fd);
	return 0;
}
