/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_WATCH_HANDS_H
#define XRING_DAEMON_WATCH_HANDS_H

#include <stdint.h>

#include <xring/hot.h>

struct hot_hand;
struct hot_watch;
struct live_service;

/*
 * What is set by hand of hot keys: a list sorted by service and hash of the key, with at most
 * one hand for each entry that the maps have room for.
 */
#define HANDS_MOST XRING_HOT_KEYS

/* What is set by hand of the key; NULL: nothing. */
struct hot_hand *hot_hand(const struct hot_watch *w, const struct live_service *s, uint32_t hash);

/* Adds a hand, whose key must have none: where it is now; NULL: no memory. */
struct hot_hand *hand_add(struct hot_watch *w, const struct hot_hand *hand);
void hand_remove(struct hot_watch *w, struct hot_hand *hand);

/*
 * Forgets what is of services or kinds of keys that no longer exist, hashes the others' keys, and
 * sorts the list. Must be called after the list was read, and whenever the maps have changed.
 */
void hands_sort(struct hot_watch *w);

#endif
