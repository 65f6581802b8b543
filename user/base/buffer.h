/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_BUFFER_H
#define XRING_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Bytes that come in at the end and go out at the front. */
struct buffer {
	char *data;
	size_t start;			/* first byte not taken yet */
	size_t end;
	size_t size;
};

void buffer_clear(struct buffer *b);
static inline size_t buffer_len(const struct buffer *b)
{
	return b->end - b->start;
}
int buffer_append(struct buffer *b, const void *bytes, size_t len);	/* -ENOMEM */

/* One read(2) to the end: bytes read, 0 at the end of file, or a negative errno. */
ssize_t buffer_read(struct buffer *b, int fd);
/* One write(2) from the front. */
ssize_t buffer_write(struct buffer *b, int fd);

/*
 * The next whole line, its newline made a NUL, valid until the buffer is touched
 * again; NULL where there is none yet.
 */
char *buffer_line(struct buffer *b, size_t *ret_len);
bool buffer_has_line(const struct buffer *b);

#endif
