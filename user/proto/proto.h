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
#define PROTO_FILE "/etc/xring/xring.yaml"	/* the configuration, where none is named */
#define PROTO_REQUEST_MAX (1u << 20)		/* the longest request line, in bytes */

/*
 * What is longer is sent in parts, before the request on the same connection; a part's text is
 * appended to what came before:
 *
 *     {"do": "part", "of": "text", "text": "hash_key: ..."}       the configuration
 *     {"do": "part", "of": "/etc/xring/eu", "text": "192.0.2.0/24\n"}    a list that it names
 *     {"do": "plan", "file": "xring.yaml", "directory": "/etc/xring"}
 *
 * The lists must be sent: the daemon opens no file for a request.
 */
#define PROTO_PART_TEXT "text"
#define PROTO_PART_BYTES (128u << 10)		/* its request, with escapes, is no longer than the most */

#define EXIT_NO 1
#define EXIT_WORDS 2

#endif
