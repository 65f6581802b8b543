// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "conf/conf.h"
#include "conf/yaml.h"

#define READ_BYTES 65536u

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

int conf_read(const char *path, char **ret_text, size_t *ret_len, struct why *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_free_ char *text = NULL;
	size_t len = 0, room = 0;
	ssize_t got = 1;
	int failed;

	if (fd < 0)
		return fail_errno(err, path, -errno);
	failed = check_size(fd, path, err);
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
