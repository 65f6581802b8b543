// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

#define CAPS_WANTED CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON
/* CAP_NET_RAW, if given, is for health checks by ICMP. */
#define CAPS_KEPT CAPS_WANTED, CAP_NET_RAW

int privileges_check(void)
{
	static const cap_value_t wanted[] = { CAPS_WANTED };
	char missing[64] = "";
	cap_t now = cap_get_proc();

	for (size_t i = 0; now && i < ARRAY_SIZE(wanted); i++) {
		cap_flag_value_t have = CAP_CLEAR;
		char *name = cap_to_name(wanted[i]);

		cap_get_flag(now, wanted[i], CAP_EFFECTIVE, &have);
		if (have == CAP_CLEAR && name)
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 " %s", name);
		cap_free(name);
	}
	cap_free(now);
	if (!*missing)
		return 0;
	log_err(0, "capabilities are missing:%s: want root, or a user who has them", missing);
	return -EPERM;
}

/* Keeps CAPS_KEPT of what is permitted, and makes it effective. */
static int capabilities_keep(void)
{
	static const cap_value_t wanted[] = { CAPS_KEPT };
	cap_t now = cap_get_proc(), keep = cap_init();
	int err = 0;

	for (size_t i = 0; now && keep && i < ARRAY_SIZE(wanted); i++) {
		cap_flag_value_t have = CAP_CLEAR;

		cap_get_flag(now, wanted[i], CAP_PERMITTED, &have);
		if (have == CAP_SET) {
			cap_set_flag(keep, CAP_PERMITTED, 1, &wanted[i], CAP_SET);
			cap_set_flag(keep, CAP_EFFECTIVE, 1, &wanted[i], CAP_SET);
		}
	}
	if (!now || !keep || cap_set_proc(keep))
		err = log_err(-errno, "capabilities");
	cap_free(now);
	cap_free(keep);
	return err;
}

int privileges_drop(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return log_err(-errno, "privileges");
	return capabilities_keep();
}

/* ---- another user ---- */

/*
 * Gives what is of that type at a path to the user, and never what a link there leads to: others
 * may be able to make links.
 */
static void give(int dir, const char *name, mode_t type, const struct passwd *user)
{
	struct stat st;

	if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && (st.st_mode & S_IFMT) == type &&
	    (st.st_uid == 0 || st.st_uid == user->pw_uid) &&
	    fchownat(dir, name, user->pw_uid, user->pw_gid, AT_SYMLINK_NOFOLLOW))
		log_warn("%s: not given to the user %s: %s", name, user->pw_name,
			 errno_text(errno));
}

/* Makes a directory where there is none, and gives it and its files of that prefix to the user. */
static void give_directory(const char *path, mode_t mode, const char *prefix,
			   const struct passwd *user)
{
	const struct dirent *entry;
	DIR *dir;

	mkdir(path, mode);
	give(AT_FDCWD, path, S_IFDIR, user);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			give(dirfd(dir), entry->d_name, S_IFREG, user);
	if (dir)
		closedir(dir);
}

static void give_paths(const struct privileges_paths *paths, const struct passwd *user)
{
	struct stat st;
	char path[320];

	give_directory(paths->state, 0700, "", user);
	/* Others may pass, so that the user can; they may not list. */
	if (!stat(paths->bpffs, &st) && (st.st_mode & 0111) != 0111)
		chmod(paths->bpffs, (st.st_mode & 07777) | 0111);
	snprintf(path, sizeof(path), "%s/tc", paths->bpffs);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/tc/globals", paths->bpffs);
	give_directory(path, 0755, "xring_", user);
	snprintf(path, sizeof(path), "%s/xring", paths->bpffs);
	give_directory(path, 0700, "", user);
}

/* The capabilities stay permitted over the change of the user, and are made effective again. */
static int become(const struct passwd *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || initgroups(user->pw_name, user->pw_gid) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return log_err(-errno, "user %s", user->pw_name);
	return capabilities_keep();
}

int privileges_become(const char *name, const struct privileges_paths *paths)
{
	const struct passwd *user;
	int err;

	if (geteuid())
		return name ? log_err(-EPERM, "--user %s: want it started by root", name) :
			      capabilities_keep();
	user = getpwnam(name ?: PRIVILEGES_USER);
	if (!user && name) {
		log_err(0, "--user %s: want a user of this host", name);
		return -EINVAL;
	}
	if (!user || !user->pw_uid)
		return 0;
	give_paths(paths, user);
	err = become(user);
	if (!err)
		log_info("runs as the user %s", user->pw_name);
	return err;
}
