/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_COSTS_H
#define XRING_BENCH_COSTS_H

/* What is not a packet's: lookups in a loop, changes of a ring, sizes. */
struct costs {
	/* ns a lookup, net of the loop, medians by round */
	double ring_ns;
	double array_ns;		/* a Maglev table as an array map */
	double packed_ns;		/* the same in one element */
	double lookup_ratio;		/* ring / array, by round */
	double lookup_ratio_min;	/* of the minimums */
	/* 1,000 backends of 150 virtual nodes, ms */
	double build_ms;
	double build_min_ms;
	double change_ms;
	double change_min_ms;
	double change_max_ms;
	/* The object */
	double maps_mib;		/* without those of a change: */
	double pins_mib;
	double syns_mib;
	double verified;
	double instructions;		/* BPF instructions that a common packet executes */
	double stack;			/* of these, accesses of the stack */
};

void costs_run(const char *directory, const char *object, unsigned rounds, struct costs *ret);

#endif
