/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_DOCTOR_H
#define XRING_DAEMON_DOCTOR_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/doctor/finding.h"

/* The table of all rules, and what they find. */
struct facts;

struct rule {
	const char *id;			/* "redirect-target", as in xring-doctor(7) */
	const char *about;		/* what is well where nothing is found */
	void (*judge)(const char *id, const struct facts *facts, struct findings *to);	/* NULL: only told */
	bool told;			/* a daemon tells what it sees itself, and the rule is not asked */
};

const struct rule *doctor_rules(size_t *ret_count);

/* Judges the facts by all rules; by those alone that a daemon does not tell by itself, if `daemon`. */
void doctor_judge(const struct facts *facts, bool daemon, struct findings *to);

/*
 * {"findings": [...], "ok": [ids of rules that found nothing], "facts": ...}; daemon: one has told what it
 * sees. NULL: no memory.
 */
json_t *doctor_json(const struct findings *findings, const struct facts *facts, bool daemon);

#endif
