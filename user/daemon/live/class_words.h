/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLASS_WORDS_H
#define XRING_DAEMON_LIVE_CLASS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct live;
struct live_class;
struct live_service;

/* Classes as the datapath reads them (struct xring_class), one atomic store a word. */

/* A block of so many, in the service's list; NULL: no room. It says nothing yet. */
struct live_class *class_new(struct live *live, struct live_service *s, uint32_t places);
/* Takes it out of the maps, and frees it; behind a grace period. */
void class_erase(struct live *live, struct live_class *class);

/* Where they differ from what it says: the old words, then the newest. */
void class_words_write(struct live *live, const struct live_class *class);

/* What the old words of one say of time, for another. */
void class_flags_copy(struct live *live, const struct live_class *from,
		      const struct live_class *to);
/* UDP flows without a pin are new ones from now on. */
void class_udp_new(struct live *live, const struct live_class *class);
/* Did a flow find no room for its pin? Then all begins again: the flags are taken off. */
bool class_held(struct live *live, const struct live_class *class);

/* Its rings are wanted. */
void class_wants(struct live_class *class);

/* The words that a service's prefix tables are known by. */
uint32_t *service_roots(const struct live *live, const struct live_service *s);

#endif
