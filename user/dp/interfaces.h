/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_INTERFACES_H
#define XRING_DP_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The interfaces that the program is attached to. */
struct dp;
struct why;

enum dp_mode {
	DP_MODE_ANY,				/* tries native, then generic */
	DP_MODE_NATIVE,
	DP_MODE_GENERIC,
};

struct dp_interface {
	char name[16];
	const char *mode;			/* native, generic or offload */
	const char *by;			/* link (pinned by xring), ip (`ip link`), pass (dp/pass.h) or other */
	uint32_t prog_id;
};

/*
 * Attaches the program. *ret_mode: native or generic, as it turned out; *why: the reason of
 * a failure.
 */
int dp_attach(struct dp *dp, const char *name, enum dp_mode mode, const char **ret_mode,
	      struct why *why);
/* Whose program an interface runs, of that name and index. */
enum dp_whose {
	DP_UNKNOWN,				/* the kernel did not say */
	DP_NOBODYS,
	DP_OURS,				/* by our link, or by `ip` */
	DP_OTHERS,				/* *ret_program: its id */
};

enum dp_whose dp_attached(const struct dp *dp, const char *name, uint32_t ifindex,
			  uint32_t *ret_program);
/* Is another file system mounted over the directory of our pins? */
bool dp_pins_hidden(const struct dp *dp);
int dp_detach(struct dp *dp, const char *name, struct why *why);
/* Lists every interface with an XDP program, of xring or not; the caller frees *ret. */
int dp_interfaces(const struct dp *dp, struct dp_interface **ret, size_t *ret_count);

#endif
