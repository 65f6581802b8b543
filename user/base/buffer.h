/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_BUFFER_H
#define XRING_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A queue of bytes: bytes are appended at the end and taken from the front. */
struct buffer {
	char *data;
	size_t start;			/* index of the first byte not taken yet */
	size_t end;			/* index after the last byte */
	size_t size;			/* bytes allocated */
};

void buffer_clear(struct buffer *b);
static inline size_t buffer_len(const struct buffer *b)
{
	return b->end - b->start;
}
int buffer_append(struct buffer *b, const void *bytes, size_t len);	/* 0 or -ENOMEM */

/*
 * One read(2), appended at the end. Returns the number of bytes, 0 at the end of file, or a
 * negative errno.
 */
ssize_t buffer_read(struct buffer *b, int fd);
/*
 * One send(2) of bytes from the front; fd is a socket. Returns the number of bytes, or a
 * negative errno.
 */
ssize_t buffer_write(struct buffer *b, int fd);

/*
 * Takes the next whole line, with its newline replaced by a NUL. The line is valid until
 * the buffer is next changed. NULL: no whole line has arrived yet.
 */
char *buffer_line(struct buffer *b, size_t *ret_len);
bool buffer_has_line(const struct buffer *b);

#endif
