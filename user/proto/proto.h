/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_PROTO_PROTO_H
#define XRING_PROTO_PROTO_H

/*
 * The control protocol between xring and xringd: a Unix stream socket; each request is one
 * line and each answer is one line, both JSON objects; a connection carries any number of
 * them.
 *
 *     {"do": "backend-add", "service": "web", "name": "b1", "address": "10.0.0.1"}
 *     {"ok": true, "data": ...}
 *     {"ok": false, "error": "service web: no such service", "code": 1}
 *
 * `code` is the exit status that the command must end with: EXIT_NO, the daemon or the
 * kernel refused; EXIT_WORDS, the words of the request were wrong.
 */
#define PROTO_SOCKET "/run/xring/xringd.sock"
#define PROTO_REQUEST_MAX (1u << 20)		/* the longest request line, in bytes */

#define EXIT_NO 1
#define EXIT_WORDS 2

#endif
