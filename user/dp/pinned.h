/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_PINNED_H
#define XRING_DP_PINNED_H

#include <linux/bpf.h>
#include <stdbool.h>

/*
 * Opens what is pinned at a path. A pin may have been made by anybody who may write to the
 * directory, so its kind is known before anything is read through it. Anything else of that name
 * (an object of another kind, a directory, a link) is renamed to bad_NAME, and logged. -ENOENT is the one
 * answer that means "there is none": it is returned without a message. Every other error is
 * logged, and says nothing about what is there.
 */
enum pinned_kind { PINNED_MAP, PINNED_PROGRAM, PINNED_LINK };

/* The file descriptor, or a negative errno. */
int pinned_open(const char *path, enum pinned_kind kind);

/* The file descriptor of a map, and what the map is. */
int pinned_map(const char *path, struct bpf_map_info *ret);

/*
 * Does a look-up by a number write just value_size bytes? The values of a map for each CPU are
 * longer, and longer keys are read from beyond the number.
 */
bool pinned_is_array(const struct bpf_map_info *info);

#endif
