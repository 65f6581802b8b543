/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ASKED_H
#define XRING_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The program that explains (bpf/tell.h), on the maps of a program that serves: asked of each packet before that
 * comes to the latter, it must say what the latter then does.
 */
struct asked;
struct bpf_object;

/* Fails the test where it cannot be loaded. clock_stopped: as the program that serves has it. */
struct asked *asked_open(const struct bpf_object *serving, bool clock_stopped);
void asked_close(struct asked *asked);		/* NULL: nothing is done */

void asked_ask(struct asked *asked, const void *frame, size_t len, uint32_t ifindex);
/* Compares what became of the packet that was asked of last. Verdict, length and bytes must be the same. */
void asked_compare(struct asked *asked, uint32_t verdict, const void *frame, size_t len);

/* How many packets were compared. */
uint64_t asked_count(const struct asked *asked);

#endif
