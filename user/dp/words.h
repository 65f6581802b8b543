/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_WORDS_H
#define XRING_DP_WORDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * What the kernel or the driver says of why the program of prog_fd cannot be attached to an interface in
 * a mode (XDP_FLAGS_DRV_MODE or _SKB_MODE); empty: it says nothing. A link cannot be asked: its
 * system call answers with a number alone. Should the program be attached by this, it is taken off again.
 */
void attach_words(int ifindex, int prog_fd, uint32_t mode, char *ret, size_t size);

#endif
