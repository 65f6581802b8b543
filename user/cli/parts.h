/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_PARTS_H
#define XRING_CLI_PARTS_H

#include <jansson.h>

/*
 * Reads a configuration and the lists of networks that it names, with the rights of this
 * command's user, and adds them to `requests` as parts (proto/proto.h). 0, or the exit code
 * after printing what is wrong.
 */
int parts_read(const char *path, json_t *requests);

/* The absolute path of a file's directory, in which the names of lists begin. NULL: none. */
char *parts_directory(const char *path);

#endif
