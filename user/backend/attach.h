/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BACKEND_ATTACH_H
#define XRING_BACKEND_ATTACH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The program of a backend on an interface. It stays there without this command, and is found
 * by its name. All functions answer 0 or a negative errno, with the sentence in *why.
 */
struct prefix;
struct why;

struct networks {
	struct prefix *list;
	size_t count;
};

enum attach_mode {
	ATTACH_ANY,			/* tries native, then generic */
	ATTACH_NATIVE,
	ATTACH_GENERIC,
};

struct attach {
	const char *device;
	enum attach_mode mode;
	struct networks balancers;	/* from where tunnels are taken */
	struct networks vips;		/* to where what is in them may go */
	uint16_t gue_port;		/* to where tunnels of mode gue go; 0: none are taken */
};

/* The program that an interface runs. */
struct attached {
	uint32_t id;
	const char *mode;		/* native or generic */
};

/* In the place of the same program with other lists, if there is one: no packet is lost. */
int attach(const struct attach *wanted, const char **ret_mode, struct why *why);
int detach(const char *device, struct why *why);
/* -ENOENT: the interface runs no program of ours. */
int attached_get(const char *device, struct attached *ret, struct why *why);

#endif
