/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_PATH_H
#define XRING_BENCH_PATH_H

#include "world.h"

/*
 * The real path: frames made in the client's namespace go over a veth pair
 * through a program on the balancer's end and back, to be counted. Packets a
 * second, by program, interleaved.
 */
struct path {
	double swap;			/* medians of all rounds */
	double encap;
	double xring;
	double xring_ratio;		/* to swap, by round */
	double best_ratio;		/* xring's best round to swap's best */
	double encap_ratio;
};

void path_run(const char *directory, const char *object, unsigned rounds, unsigned packets,
	      struct path *ret);

#endif
