// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-/:=@+&"

/* What is no ASCII could be no JSON either. */
static void to_ascii(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

const char *severity_word(enum severity severity)
{
	static const char *const words[] = { "fail", "warn", "note", "unknown" };

	return words[severity];
}

struct finding *finding_add(struct findings *to, enum severity severity, const char *id,
			    const char *subject, const char *fmt, ...)
{
	struct finding *list = array_grow(to->list, to->count, sizeof(*list)), *ret;
	va_list args;

	if (!list) {
		to->lost++;
		return NULL;
	}
	to->list = list;
	ret = &list[to->count++];
	*ret = (struct finding){ .severity = severity, .id = id };
	snprintf(ret->subject, sizeof(ret->subject), "%s", subject);
	va_start(args, fmt);
	vsnprintf(ret->text, sizeof(ret->text), fmt, args);
	va_end(args);
	to_ascii(ret->subject);
	to_ascii(ret->text);
	return ret;
}

void finding_fix(struct finding *finding, const char *fmt, ...)
{
	va_list args;

	if (!finding)
		return;
	va_start(args, fmt);
	vsnprintf(finding->fix, sizeof(finding->fix), fmt, args);
	va_end(args);
	if (strchr(finding->subject, '&') || finding->fix[strspn(finding->fix, PLAIN)])
		finding->fix[0] = 0;
}

void findings_clear(struct findings *findings)
{
	free(findings->list);
	*findings = (struct findings){};
}
