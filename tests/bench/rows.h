/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_BENCH_ROWS_H
#define XRING_BENCH_ROWS_H

#include <stdio.h>

#include "driver.h"
#include "world.h"

/* One program under one kind of traffic. */
struct row {
	char program[48];
	enum traffic traffic;
	int family;
	int fd;
	const int *loads;		/* or LOADS of them, taken in turns; NULL: none */
	uint32_t verdict;		/* what every packet is to get */
	int grows;			/* bytes in front of each packet */
	bool shift;			/* see driver_run() */
	bool replies;			/* the VIP table also looks for nat replies */
	struct world *world;		/* NULL: a floor */
	struct served *service;		/* NULL: the traffic is for none */
	uint32_t counter;		/* of the world's: where every packet is to be */
	int event;			/* the same of its events; or EVENT_NONE */
	bool old;			/* packets go where they went before the change */
	bool spread;			/* over several services: the last packet's is not known */
	void (*prepare)(struct row *row, unsigned packets);	/* each batch; or NULL */
	void (*finish)(struct row *row);
	struct stream stream;
	double *ns;			/* by round */
	/* Indices of the rows that it is held against; -1: none */
	int empty;
	int shifted;			/* empty, with `shift` */
	int encap;
	int other;			/* of the first xring.bpf.o, or without a change */
};

/*
 * Where the kernel puts a program's code is chance, and worth some ns: what is to
 * differ by less is loaded that often.
 */
#define LOADS 32

#define EVENT_NONE -1

struct rows {
	struct row *row;
	size_t count;
	unsigned rounds;
	struct bpf_object *floors;
};

/* What adds rows of a kind has these. */
bool rows_wanted(const char *program, enum traffic traffic, const char *only);
struct row *rows_add(struct rows *rows, const char *program, enum traffic traffic,
		     const struct address *to);
void rows_baselines(struct rows *rows, size_t i);
int rows_index(const struct rows *rows, const char *program, enum traffic traffic);

/* All rows whose name holds `only` (NULL: all), and those they need. */
void rows_new(const char *directory, char *const *objects, size_t object_count,
	      const char *only, struct rows *ret);

/* Round by round, every row once in each. Checks what every packet became. */
void rows_run(struct rows *rows, unsigned rounds, unsigned packets);

/*
 * A row over the empty program, and that to the barest encapsulation over the
 * same: medians of what each round says. strict: the empty program's row is the
 * one with `shift` for a row that grows its packets, so that restoring them is not
 * counted as theirs.
 */
double row_net(const struct rows *rows, const struct row *row, bool strict);
double row_ratio(const struct rows *rows, const struct row *row, bool strict);
double row_ratio_of_minimums(const struct rows *rows, const struct row *row);

/* "1,000 flows" of "ipip 4in4"; NULL where the run has no such row. */
const struct row *rows_find(const struct rows *rows, const char *program, enum traffic traffic);

/* The median of what each round says of a row and the one beside it, or the minimums'. */
double row_difference(const struct rows *rows, const struct row *row);
double row_difference_of_minimums(const struct rows *rows, const struct row *row);

void rows_print(const struct rows *rows, FILE *out);
void rows_print_json(const struct rows *rows, FILE *out);

#endif
