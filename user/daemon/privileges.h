/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_PRIVILEGES_H
#define XRING_DAEMON_PRIVILEGES_H

/* The user that the daemon runs as, and its capabilities. All functions log errors. */
#define PRIVILEGES_USER "xring"

/* What that user must own: the directories of the pins below `bpffs`, and of the state. */
struct privileges_paths {
	const char *bpffs;
	const char *state;
};

/* Names the capabilities that are missing, of which the kernel would only say EPERM. */
int privileges_check(void);
/*
 * Root becomes that user, with the capabilities that the daemon needs, once the user owns the
 * paths. name: NULL for PRIVILEGES_USER, where there is one; "root": nobody else. A daemon that root
 * did not start only loses the capabilities that it does not need.
 */
int privileges_become(const char *name, const struct privileges_paths *paths);
/* Drops all capabilities but those for BPF and the network's configuration, for good. */
int privileges_drop(void);

#endif
