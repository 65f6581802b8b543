/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_TOP_MODEL_H
#define XRING_CLI_TOP_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What `xring top` shows: rates are made from two samples of the verb top. A value that is
 * not known is NAN, for example every rate of the first sample.
 */
struct top_traffic {
	double packets, bytes, flows;	/* counted since the sample before */
	double packets_s, bits_s, flows_s;
};

struct top_backend {
	const char *name, *state;
	struct top_traffic traffic;
	double got;			/* share of the service's packets now */
	double ring;			/* share of the ring */
	double load;			/* load as a multiple of the average */
	long long pins;
};

struct top_service {
	const char *name, *mode, *key;
	double bound;			/* the greatest load allowed */
	struct top_traffic traffic;
	long long pins;
	struct top_backend *backends;
	size_t count;
};

struct top_model {
	json_t *data;			/* the later sample, which owns all texts */
	double rx, tx, pass, drop;	/* packets per second */
	struct top_service *services;	/* in the daemon's order */
	size_t count;
};

/* The columns by which backends can be sorted. */
enum top_column {
	TOP_NAME,
	TOP_STATE,
	TOP_PACKETS,
	TOP_BITS,
	TOP_FLOWS,
	TOP_GOT,
	TOP_RING,
	TOP_RATIO,			/* got / ring */
	TOP_LOAD,
	TOP_PINS,
	TOP_COLUMNS,
};

/*
 * before: an earlier sample, or NULL. The model takes its own references. If counters went
 * down they have started again from 0, and so do their rates. 0 or -ENOMEM.
 */
int top_model_new(const json_t *before, json_t *after, struct top_model *ret);
void top_model_clear(struct top_model *m);

/*
 * Sorts texts from a to z, numbers with the largest first, equal values by name. Values that
 * are not known come last, also in reverse order.
 */
void top_model_sort(struct top_model *m, enum top_column column, bool reverse);

/* The value of a column of numbers. */
double top_backend_value(const struct top_backend *b, enum top_column column);

/*
 * How many lines each service may have below its own so that all services fit into `lines`.
 * With fewer than its backends, a line says how many more there are. *ret_left: the lines
 * that remain then.
 */
size_t top_model_room(const struct top_model *m, size_t lines, size_t *ret_left);

#endif
