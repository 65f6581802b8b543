// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 4096

void buffer_clear(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){};
}

/* Makes room for len more bytes at the end. */
static int reserve(struct buffer *b, size_t len)
{
	size_t size = b->size;
	char *data;

	if (b->size - b->end >= len)
		return 0;
	if (b->start) {
		memmove(b->data, b->data + b->start, buffer_len(b));
		b->end -= b->start;
		b->start = 0;
	}
	while (size - b->end < len)
		size = size ? size * 2 : CHUNK;
	if (size == b->size)
		return 0;
	data = realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

int buffer_append(struct buffer *b, const void *bytes, size_t len)
{
	int err = reserve(b, len);

	if (err)
		return err;
	if (len)
		memcpy(b->data + b->end, bytes, len);
	b->end += len;
	return 0;
}

ssize_t buffer_read(struct buffer *b, int fd)
{
	ssize_t n;

	if (reserve(b, CHUNK))
		return -ENOMEM;
	n = read(fd, b->data + b->end, b->size - b->end);
	if (n < 0)
		return -errno;
	b->end += n;
	return n;
}

ssize_t buffer_write(struct buffer *b, int fd)
{
	ssize_t n = send(fd, b->data + b->start, buffer_len(b), MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
	return n;
}

char *buffer_line(struct buffer *b, size_t *ret_len)
{
	char *line = b->data + b->start;
	char *newline = b->data ? memchr(line, '\n', buffer_len(b)) : NULL;

	if (!newline)
		return NULL;
	*newline = 0;
	*ret_len = newline - line;
	b->start += *ret_len + 1;
	return line;
}

bool buffer_has_line(const struct buffer *b)
{
	return b->data && memchr(b->data + b->start, '\n', buffer_len(b));
}
