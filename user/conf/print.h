/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CONF_PRINT_H
#define XRING_CONF_PRINT_H

#include <stdio.h>

struct backend;
struct model;
struct service;


/* Prints a text, in quotes if YAML needs them. */
void print_text(FILE *f, const char *text);

void print_regions(FILE *f, const struct model *m);
void print_placement(FILE *f, const struct service *s);
void print_schedule(FILE *f, const struct service *s);
/* Prints ", region: R, tags: [T]", without what the backend does not have. */
void print_backend_place(FILE *f, const struct backend *b);

#endif
