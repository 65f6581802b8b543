/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_PIN_KIND_H
#define XRING_DP_PIN_KIND_H

/* What kind of object is pinned; the names that the kernel gives descriptors of them. */
#define PIN_MAP "map"
#define PIN_PROGRAM "prog"
#define PIN_LINK "link"

/*
 * Makes room for a pin of that kind: anything else of its name (an object of another kind, a
 * directory, a symbolic link) is renamed in the same folder, to bad_NAME, bad2_NAME and so on,
 * and logged. 0, or a negative errno, logged, if it cannot be renamed.
 */
int pin_kind_check(const char *path, const char *kind);

#endif
