// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/zoneinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"

#define FILE_MAX (1 << 20)

/* A zone's name is words of letters, digits, + - and _, with one slash between two words. */
static bool name_valid(const char *zone)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789+-_";

	for (;;) {
		size_t len = strspn(zone, letters);

		if (!len)
			return false;
		zone += len;
		if (!*zone)
			return true;
		if (*zone++ != '/')
			return false;
	}
}

static int read_all(int fd, char *to, size_t len)
{
	while (len) {
		ssize_t n = read(fd, to, len);

		if (n <= 0)
			return n ? -errno : -EIO;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

int zoneinfo_read(const char *directory, const char *zone, void **ret, size_t *ret_len)
{
	char path[PATH_MAX];
	_close_ int fd = -1;
	_free_ void *bytes = NULL;
	struct stat st;
	int failed;

	if (!name_valid(zone) ||
	    snprintf(path, sizeof(path), "%s/%s", directory, zone) >= (int)sizeof(path))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	if (st.st_size > FILE_MAX)
		return -EFBIG;
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	failed = read_all(fd, bytes, (size_t)st.st_size);
	if (failed)
		return failed;
	*ret = take_ptr(bytes);
	*ret_len = (size_t)st.st_size;
	return 0;
}
