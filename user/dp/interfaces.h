/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_INTERFACES_H
#define XRING_DP_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

/* Where the program is attached. */
struct dp;
struct why;

enum dp_mode {
	DP_MODE_ANY,				/* native first, then generic */
	DP_MODE_NATIVE,
	DP_MODE_GENERIC,
};

struct dp_interface {
	char name[16];
	const char *mode;			/* native, generic, offload */
	const char *by;				/* link (made here), ip (the pinned program), other */
	uint32_t prog_id;
};

/* *ret_mode says which it became; why (size bytes) gets the reason of a failure. */
int dp_attach(struct dp *dp, const char *name, enum dp_mode mode, const char **ret_mode,
	      struct why *why);
int dp_detach(struct dp *dp, const char *name, struct why *why);
/* Every interface with an XDP program; freed by the caller. */
int dp_interfaces(const struct dp *dp, struct dp_interface **ret, size_t *ret_count);

#endif
