/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_CONTROL_PARTS_H
#define XRING_DAEMON_CONTROL_PARTS_H

#include <jansson.h>

struct answer;
struct conf_lists;

/*
 * Texts that are longer than a request, sent in parts by the requests before it on the same
 * connection: the configuration, and the lists of networks that it names. So the daemon opens
 * no file for a client, whose rights are not the daemon's.
 */
struct parts;

/* Appends the text of a request "part" to what it is a part of. 0 or -EINVAL. */
int parts_add(struct parts **parts, const json_t *request, struct answer *a);
/* The configuration; NULL: none was sent. */
const char *parts_text(const struct parts *parts);
/* Parses the lists; *ret must be cleared in any case. 0 or -EINVAL. */
int parts_lists(const struct parts *parts, struct conf_lists *ret, struct answer *a);
void parts_free(struct parts *parts);		/* may be NULL */

#endif
