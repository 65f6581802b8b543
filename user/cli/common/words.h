/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CHANGES_H
#define XRING_CHANGES_H

#include <jansson.h>
#include <stddef.h>

/* What a change does: "backend set b1: weight 2; backend del b2" */
void change_what_print(const json_t *change, char *buf, size_t size);

#endif
