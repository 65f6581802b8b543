/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLASS_WORDS_H
#define XRING_DAEMON_LIVE_CLASS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct live;
struct live_class;
struct live_service;

/* Classes as the datapath reads them (struct xring_class): one atomic store for each word. */

/*
 * Adds a class with that many consecutive elements in the map; its words are still empty.
 * NULL: no room, or no memory.
 */
struct live_class *class_new(struct live *live, struct live_service *s, uint32_t places);
/* Marks the elements that class_new() would take. taken: XRING_CLASSES elements. False: no room. */
bool class_places_take(bool *taken, uint32_t places);
/* Takes the class out of the maps and frees it. Call after a grace period. */
void class_erase(struct live *live, struct live_class *class);

/*
 * Writes the words in the maps that differ from `class`: the old word of each element first,
 * then its newest word.
 */
void class_words_write(struct live *live, const struct live_class *class);

/*
 * Copies the flags of `from`'s old words (UDP_NEW, HELD) to `to`, a class with the same old
 * rings.
 */
void class_flags_copy(struct live *live, const struct live_class *from,
		      const struct live_class *to);
/* Says in the maps that a UDP flow without a pin counts as new from now on. */
void class_udp_new(struct live *live, const struct live_class *class);
/*
 * Did a flow of the class find no room for its pin? Then the flags are cleared, and the class
 * must move for another settle time.
 */
bool class_held(struct live *live, const struct live_class *class);

/* Says in the maps that the newest rings alone answer. Nothing else of the class need be known. */
void class_stops(struct live *live, const struct live_class *class);

/* Marks the newest and old rings of the class as wanted. */
void class_wants(struct live_class *class);

/* The words in the maps that name the roots of the service's prefix tables, IPv4 then IPv6. */
uint32_t *service_roots(const struct live *live, const struct live_service *s);

#endif
