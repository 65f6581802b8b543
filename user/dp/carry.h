/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_CARRY_H
#define XRING_DP_CARRY_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

struct dp;

/*
 * Maps of another size or layout than the pinned ones, which a program uses that
 * goes on meanwhile. They are made beside the pinned ones and filled from them;
 * when the daemon has brought them up to date, the program on them takes over and
 * what the old one has written since follows:
 *
 *     carry_prepare() for each map, load, carry_fill()
 *     the daemon writes rings and VIPs
 *     carry_pin(), program_pin(), carry_finish()
 *
 * A kill before program_pin() leaves the old maps to the old program: the pins
 * that were moved aside are put back by carry_restore().
 */
struct carried {
	char path[300];			/* of the pin */
	char name[24];
	int from, to;			/* maps */
	uint32_t type;
	uint32_t key_size;
	uint32_t from_entries, to_entries;
	uint32_t from_size, to_size;	/* bytes of a value */
	bool blank;			/* its content means nothing to this version */
};

/* Is that map to be another one than the pinned one? Then it is not reused. */
int carry_prepare(struct dp *dp, struct bpf_map *map, const char *path, bool blank);
int carry_fill(struct dp *dp, const struct bpf_object *object);

/* Puts a pin back that was moved aside, where the pinned program still uses it. */
void carry_restore(struct dp *dp, const char *path);
int carry_pin(struct dp *dp);
void carry_finish(struct dp *dp);
void carry_close(struct dp *dp);

#endif
