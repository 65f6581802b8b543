/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CAPTURES_H
#define XRING_CAPTURES_H

#include "fixture.h"

/*
 * Frames of real networks: the captures with which tcpdump's own tests read some two hundred protocols,
 * whole and spoilt. XRING_CAPTURES is where they are; tests/packets/captures puts them into
 * BUILD/captures.
 */

/* Where they are; NULL: they were not to be had. */
const char *captures_directory(void);

struct captured {
	const char *file;
	bool ethernet;			/* else the bytes begin with another header */
	struct frame frame;
};
/* Gives each frame to on_frame, in the order of the files' names; answers how many files there are. */
unsigned captures_each(const char *directory, void (*on_frame)(void *context, const struct captured *f),
		       void *context);

#endif
