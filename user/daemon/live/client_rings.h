/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_LIVE_CLIENT_RINGS_H
#define XRING_DAEMON_LIVE_CLIENT_RINGS_H

#include "daemon/live/classes.h"

struct address;
struct live;
struct live_ring;
struct live_service;
struct xring_flow;

/* The class of a client; NULL where the service has no classes. */
struct live_class *class_of(const struct live *live, const struct live_service *s,
			    const struct address *client);

/*
 * The rings at which the flow's newest path may end, one for each ingress without repetition;
 * at least one. *ret_moving: the flow's class moves.
 */
size_t rings_of_flow(const struct live *live, const struct live_service *s,
		     const struct xring_flow *flow, struct live_ring *ret[CLASS_PLACES],
		     bool *ret_moving);

/* The ring that answers the flow if its ingress is not known. */
struct live_ring *ring_of_flow(const struct live *live, const struct live_service *s,
			       const struct xring_flow *flow);

#endif
