// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"

static unsigned under_way;

int aside_begin(struct aside *ret)
{
	_close_ int out = -1, in = -1;
	pid_t daemon = getpid(), pid;
	int ends[2];

	if (under_way == ASIDES_MOST)
		return -EBUSY;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	out = ends[0];
	in = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid) {
		fcntl(out, F_SETFL, O_NONBLOCK);
		under_way++;
		*ret = (struct aside){ take_fd(&out), pid };
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != daemon)
		_exit(1);		/* it has died before */
	*ret = (struct aside){ take_fd(&in), 0 };
	return 1;
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			_exit(1);
		text += n;
		len -= n;
	}
}

void aside_say(const struct aside *a, const char *text)
{
	if (!text)
		_exit(1);
	write_all(a->fd, text, strlen(text));
	write_all(a->fd, "\n", 1);
	_exit(0);
}

void aside_end(struct aside *a)
{
	if (a->fd < 0)
		return;
	close(a->fd);
	a->fd = -1;
	kill(a->pid, SIGKILL);
	while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
		;
	under_way--;
}
