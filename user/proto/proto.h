/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_PROTO_PROTO_H
#define XRING_PROTO_PROTO_H

/*
 * The control protocol: a Unix stream socket; one request a line, one answer a
 * line, both JSON objects, any number of them on a connection.
 *
 *     {"do": "backend-add", "service": "web", "name": "b1", "address": "10.0.0.1"}
 *     {"ok": true, "data": ...}
 *     {"ok": false, "error": "service web: no such service", "code": 1}
 *
 * code is what the command is to exit with: 1 the daemon or the kernel said no,
 * 2 the words were wrong.
 */
#define PROTO_SOCKET "/run/xring/xringd.sock"
#define PROTO_REQUEST_MAX (1u << 20)		/* bytes of a line */

#define EXIT_NO 1
#define EXIT_WORDS 2

#endif
