/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_GATHER_H
#define XRING_DAEMON_DOCTOR_GATHER_H

#include <stdint.h>

/* Asks for facts. What cannot be known stays unknown. -ENOMEM, or 0. */
struct engine;
struct facts;
struct model;

enum gather_what {
	GATHER_CHEAP,			/* what takes a few ms, however many services there are */
	GATHER_ALL,			/* also how this host would send to each VIP */
};

/* Of a daemon that runs; but for backends without a way, which it tells of by itself. */
int gather(const struct engine *e, enum gather_what what, struct facts *ret);
/* Of a host on which no daemon runs yet, for this model; bpffs: where its pins would be. */
int gather_alone(const struct model *m, const char *bpffs, struct facts *ret);

/* ---- the parts, one file each ---- */

/* The kernel and the host; pins: a path on the file system for pins. */
struct balancer_facts;
struct host_facts;
void gather_host(const char *pins, struct host_facts *ret);
/* Completes the facts of all devices that `facts` has, each by its ifindex. prog: the number of our program; 0: none. */
void gather_devices(struct facts *facts, uint32_t prog);
/* What the model wants. */
void gather_model(const struct model *m, struct balancer_facts *ret);
/* What the tunnel to a backend of that family adds to a packet, in bytes; 0: the mode has none. */
struct service;
int64_t tunnel_bytes(const struct model *m, const struct service *s, int family);
/* How this host would send to the model's VIPs: a question to the kernel for each. */
int gather_vips(const struct model *m, struct facts *facts);

#endif
