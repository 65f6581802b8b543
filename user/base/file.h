/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_FILE_H
#define XRING_BASE_FILE_H

#include <stddef.h>

/*
 * Makes path hold this text: written beside it, synced, renamed, so that a
 * reader and a crash see the old file or the new one. An existing file keeps its
 * mode and owner; mode is for a new one. 0 or a negative errno.
 */
int file_replace(const char *path, const char *text, size_t len, unsigned mode);

#endif
