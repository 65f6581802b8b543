/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_FILE_H
#define XRING_BASE_FILE_H

#include <stddef.h>

struct stat;

/*
 * Replaces the content of the file at `path`. The text is written to a new file beside the
 * old one, synced and renamed, so that a reader, and a reboot after a crash, find the old
 * content or the new one and nothing between. An existing file keeps its mode, and its
 * owner if the process may give files away; `mode` is for a file that did not exist. Returns 0
 * or a negative errno.
 */
int file_replace(const char *path, const char *text, size_t len, unsigned mode);


/*
 * Opens an ordinary file for reading, and nothing else: the path is looked at before anything is
 * opened, because opening alone lets a pipe's writer go, or starts a device's work. Returns 0,
 * with what fstat() says in *ret_stat, or a negative errno: -EISDIR for a directory, -EINVAL for
 * other things.
 */
int file_open_ordinary(const char *path, int *ret, struct stat *ret_stat);

#endif
