/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_TOP_ROWS_H
#define XRING_CLI_TOP_ROWS_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/top/model.h"

struct page;
struct top_backend;
struct top_service;

/* The width for which the tables are made; a wider terminal has wider names. */
#define ROWS_COLUMNS 80

/* The table of services and their backends: its heads (the chosen column's reversed) and rows. */
void rows_heads(struct page *p, enum top_column chosen);
void rows_service(struct page *p, const struct top_service *s, bool chosen);
void rows_backend(struct page *p, const struct top_service *s, const struct top_backend *b);

/* Rows of the other tables; item NULL: the heads. */
void rows_hot(struct page *p, const json_t *item);
void rows_change(struct page *p, const json_t *item);

#endif
