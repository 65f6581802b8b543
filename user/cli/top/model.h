/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_TOP_MODEL_H
#define XRING_CLI_TOP_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What `xring top` shows: two samples of the verb top make rates. What is not
 * known, as every rate of a first sample, is NAN.
 */
struct top_traffic {
	double packets, bytes, flows;	/* since the sample before */
	double packets_s, bits_s, flows_s;
};

struct top_backend {
	const char *name, *state;
	struct top_traffic traffic;
	double got;			/* its share of the service's packets now */
	double ring;			/* the share of the ring that it owns */
	double load;			/* times the average */
	long long pins;
};

struct top_service {
	const char *name, *mode, *key;
	double bound;			/* what a load may be */
	struct top_traffic traffic;
	long long pins;
	struct top_backend *backends;
	size_t count;
};

struct top_model {
	json_t *data;			/* the later sample: the texts are its */
	double rx, tx, pass, drop;	/* packets a second */
	struct top_service *services;	/* as the daemon has them */
	size_t count;
};

/* What backends are sorted by. */
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
 * before: an earlier sample, or NULL. The model takes references of its own.
 * Counters that went down have begun anew, and so do their rates. -ENOMEM.
 */
int top_model_new(const json_t *before, json_t *after, struct top_model *ret);
void top_model_clear(struct top_model *m);

/*
 * Texts from a to z, numbers the largest first, equal ones by name; what is not
 * known comes last, also when the order is reversed.
 */
void top_model_sort(struct top_model *m, enum top_column column, bool reverse);

/* Of the columns that are numbers. */
double top_backend_value(const struct top_backend *b, enum top_column column);

/*
 * The most lines that each service may have below its own so that all fit into
 * that many: its backends, or fewer and a line that says how many more there are.
 * ret_left: lines that are left then.
 */
size_t top_model_room(const struct top_model *m, size_t lines, size_t *ret_left);

#endif
