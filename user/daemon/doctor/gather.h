/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_GATHER_H
#define XRING_DAEMON_DOCTOR_GATHER_H

#include <stdint.h>

/*
 * Asks for all facts. It takes some ms, and more where the host has many devices: a request that wants
 * them is answered aside. What cannot be known stays unknown. -ENOMEM, or 0.
 */
struct balancer_facts;
struct engine;
struct facts;
struct model;

/* Of a daemon that runs; but for backends without a way, which it tells of by itself. */
int gather(const struct engine *e, struct facts *ret);
/* Of a host on which no daemon runs yet, for this model; bpffs: where its pins would be. */
int gather_alone(const struct model *m, const char *bpffs, struct facts *ret);

/* ---- the parts, one file each ---- */

/* The kernel and the host; pins: a path on the file system for pins. */
struct host_facts;
void gather_host(const char *pins, struct host_facts *ret);
/* Completes the facts of all devices that `facts` has, each by its ifindex. prog: the number of our program; 0: none. */
void gather_devices(struct facts *facts, uint32_t prog);
/* What the model wants, and how this host would send to its VIPs. */
int gather_model(const struct model *m, struct facts *facts);

#endif
