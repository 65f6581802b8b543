/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_DRIVER_H
#define XRING_BENCH_DRIVER_H

#include "bench.h"
#include "core/model/model.h"

/* What varies from packet to packet. */
enum traffic {
	TRAFFIC_ONE,
	TRAFFIC_THOUSAND,
	TRAFFIC_MILLION,
	TRAFFIC_SYN,			/* a new flow with every packet */
	TRAFFIC_ACK,
	TRAFFIC_KINDS,
	TRAFFIC_TEN = TRAFFIC_KINDS,	/* for curves (scale.c): not part of each table */
	TRAFFIC_HUNDRED,
	TRAFFIC_TEN_THOUSAND,
	TRAFFIC_HUNDRED_THOUSAND,
	TRAFFIC_STEADY,			/* a million flows that have been there for a while */
	TRAFFIC_ALL
};

const char *traffic_name(enum traffic traffic);
void traffic_stream(enum traffic traffic, const struct address *vip, struct stream *ret);

/* drive.bpf.o under test run: see there. */
void driver_open(const char *directory, const char *interface);

/* What a batch did. */
struct batch {
	double ns;			/* a packet, of the timed ones */
	uint64_t packets;		/* all that ran, the untimed ones too */
	uint64_t grown;			/* bytes put in front, of all but the last packet */
	uint32_t verdict;		/* of the last packet, which is here as it left */
	uint32_t bytes;
	uint8_t frame[256];
};

/*
 * Runs that many timed packets of the stream, and some before, through a program.
 * shift: restore the head of each packet, moved or not.
 */
void driver_run(int program, struct stream *stream, enum traffic traffic, bool shift,
		unsigned packets, struct batch *ret);

#endif
