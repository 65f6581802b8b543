/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_DOCTOR_FINDING_H
#define XRING_DAEMON_DOCTOR_FINDING_H

#include <stddef.h>

/* What doctor has found: one sentence each, with what helps. */
enum severity {
	FINDING_FAIL,			/* packets are lost or not balanced, or will be */
	FINDING_WARN,			/* they may be, or the balancer is slower than it need be */
	FINDING_NOTE,			/* good to know */
	FINDING_UNKNOWN,		/* this kernel does not say */
};

#define FINDING_SUBJECT 64
#define FINDING_SENTENCE 512
#define FINDING_FIX 256

struct finding {
	enum severity severity;
	const char *id;			/* of the rule, as in xring-doctor(7); static */
	char subject[FINDING_SUBJECT];	/* the device, the VIP, ...; empty: the host */
	char text[FINDING_SENTENCE];	/* what is wrong, and what to do about it */
	char fix[FINDING_FIX];		/* shell commands that help, separated by " && "; empty: none is known */
};

struct findings {
	struct finding *list;
	size_t count;
	size_t lost;			/* for which there was no memory */
};

/* "fail", "warn", "note" or "unknown". */
const char *severity_word(enum severity severity);

/* Adds a finding without a fix. Returns it, or NULL if there is no memory, which is counted. */
struct finding *finding_add(struct findings *to, enum severity severity, const char *id,
			    const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/*
 * Sets what helps; finding may be NULL. A command in which a name has a character that means something to a shell is
 * left out: anybody who may make devices may have chosen it.
 */
void finding_fix(struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void findings_clear(struct findings *findings);

#endif
