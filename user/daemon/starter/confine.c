// SPDX-License-Identifier: GPL-2.0-or-later
/* How the starter loses its rights. What it has then is what each program has. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/starter/message.h"
#include "daemon/starter/starter.h"

/* Programs must not fill the host, whatever they do. */
struct limit {
	int resource;
	rlim_t most;
};

static int limits_set(const struct limit *limits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].resource, &limit))
			return -errno;
		if (limit.rlim_max > limits[i].most)
			limit.rlim_max = limits[i].most;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit))
			return -errno;
	}
	return 0;
}

static int starter_limits(void)
{
	static const struct limit limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 16 << 20 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NOFILE, 256 },
		{ RLIMIT_NPROC, 8 * STARTER_PROGRAMS },	/* of the user, at once */
	};

	return limits_set(limits, ARRAY_SIZE(limits));
}

/* Limits that the starter itself, which lives on, must not have. */
int starter_limit_program(void)
{
	static const struct limit limits[] = {
		{ RLIMIT_CPU, 120 },			/* seconds of one process; a check has a minute */
		{ RLIMIT_DATA, 512 << 20 },		/* bytes of one process */
	};

	return limits_set(limits, ARRAY_SIZE(limits));
}

/* The daemon may be the last to be killed for want of memory; its programs are the first. */
static void oom_first(void)
{
	_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "500", 3);
}

/* Keeps fd, and nothing else of what the daemon's starter left open. */
static int descriptors_close(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (dup2(null, i) < 0)
			return -errno;
	if (close_range(STDERR_FILENO + 1, fd - 1, 0) && fd > STDERR_FILENO + 1)
		return -errno;
	return close_range(fd + 1, ~0u, 0) ? -errno : 0;
}

static int bounding_set_empty(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return -errno;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ? -errno : 0;
}

static int capabilities_clear(void)
{
	cap_t none = cap_init();
	int err = !none || cap_set_proc(none) ? -errno : 0;

	cap_free(none);
	return err;
}

/* Only the user's own group: another might be that of the control socket. */
static int become(const struct passwd *user)
{
	if (setgroups(1, &user->pw_gid) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return -errno;
	return 0;
}

int starter_confine(const struct passwd *user, int fd)
{
	int err;

	oom_first();
	err = descriptors_close(fd) ?: bounding_set_empty() ?: become(user) ?:
	      capabilities_clear() ?: starter_limits();
	if (err)
		return err;
	/* Programs are the same user's, and must neither trace the starter nor take its descriptors. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) || chdir("/"))
		return -errno;
	umask(0077);
	prctl(PR_SET_NAME, "xring-starter", 0, 0, 0);
	return 0;
}
