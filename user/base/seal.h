/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BASE_SEAL_H
#define XRING_BASE_SEAL_H

#include <stddef.h>

/*
 * A seal is the first line of a file: the length and the SHA-256 of the text after it. Any
 * file that was cut, or of which a bit is another, shows that it is damaged. YAML takes the
 * line for a comment. The line has its words at both ends, so that no single fault makes a
 * sealed file look like one without a seal.
 */
#define SEAL_BYTES 105

enum seal {
	SEAL_NONE,			/* the file never had a seal */
	SEAL_RIGHT,
	SEAL_BROKEN,
};

/* Prints the seal of the text, with its newline and a NUL. */
void seal_print(const char *text, size_t len, char ret[SEAL_BYTES + 1]);

/*
 * Looks at the first bytes of a file alone; they may be fewer than SEAL_BYTES. SEAL_RIGHT: it
 * looks like a seal, of a text of *ret_len bytes.
 */
enum seal seal_look(const char *file, size_t size, size_t *ret_len);

/*
 * The same for the whole file. The sealed text follows the seal; there may be more after it,
 * of which the seal says nothing.
 */
enum seal seal_check(const char *file, size_t size, size_t *ret_len);

#endif
