/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_CARRY_H
#define XRING_DP_CARRY_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

struct dp;

/*
 * Carries the content of pinned maps over to maps of another size or layout, while the old
 * program goes on using the pinned ones. The new maps are made beside the pinned maps and
 * filled from them. When the daemon has brought the new maps up to date, the new program,
 * which uses them, takes over; what the old program has written meanwhile follows:
 *
 *     carry_prepare() for each map, load, carry_fill()
 *     the daemon writes rings and VIPs
 *     carry_pin(), program_pin(), carry_finish()
 *
 * A kill before program_pin() leaves the old maps to the old program: carry_restore() puts
 * the pins back that carry_pin() had moved aside.
 */
struct carried {
	char path[300];			/* path of the pin */
	char name[24];
	int from, to;			/* file descriptors of the maps */
	uint32_t type;
	uint32_t key_size;
	uint32_t from_entries, to_entries;
	uint32_t from_size, to_size;	/* bytes of a value */
	/* Handshakes of 0.3.0: their keys had no number, but the values have. */
	bool numbered;
	bool blank;			/* the old content means nothing here: not copied */
};

/*
 * Notes that a map must differ from the pinned one, so that libbpf makes a new map. blank: the
 * old content means nothing to this version.
 */
int carry_prepare(struct dp *dp, struct bpf_map *map, const char *path, bool blank);
int carry_fill(struct dp *dp, const struct bpf_object *object);

/* Puts a pin back that was moved aside, if the pinned program still uses its map. */
int carry_restore(struct dp *dp, const char *path);
int carry_pin(struct dp *dp);
void carry_finish(struct dp *dp);
void carry_close(struct dp *dp);

#endif
