// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of the state directory: their names, and how a damaged one is set aside. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/engine/state.h"

static const struct {
	const char *name;
	bool grows;			/* state_append() is used */
} files[] = {
	[STATE_RUNNING] = { "running.yaml" },
	[STATE_LOADED] = { "loaded" },
	[STATE_CHANGES] = { "changes.json", .grows = true },
	[STATE_HOT] = { "hot.json" },
	[STATE_HOMES] = { "homes", .grows = true },
	[STATE_EVENTS] = { "events.json", .grows = true },
};

const char *state_file_name(enum state_name name)
{
	return files[name].name;
}

bool state_file_grows(enum state_name name)
{
	return files[name].grows;
}

const char *state_path(const struct state *st, enum state_name name, char buf[512])
{
	snprintf(buf, 512, "%s/%s", st->dir, files[name].name);
	return buf;
}

#define ASIDE_MAX 9

int state_rename(const struct state *st, const char *name, char ret[32])
{
	char from[512], to[512];
	struct stat any;

	snprintf(from, sizeof(from), "%s/%s", st->dir, name);
	for (unsigned i = 1; i <= ASIDE_MAX; i++) {
		snprintf(ret, 32, i > 1 ? "%s.bad%u" : "%s.bad", name, i);
		snprintf(to, sizeof(to), "%s/%s", st->dir, ret);
		if (lstat(to, &any))
			break;
	}
	return rename(from, to) ? -errno : 0;
}

void state_set_aside(struct state *st, enum state_name name, const char *fmt, ...)
{
	char *aside = st->file[name].aside;
	struct why why;
	va_list args;
	int err;

	va_start(args, fmt);
	why_set_va(&why, 0, fmt, args);
	va_end(args);
	err = state_rename(st, state_file_name(name), aside);
	if (!err) {
		log_warn("state directory %s: %s: %s: it is left out, and is %s now", st->dir,
			 state_file_name(name), why.text, aside);
		return;
	}
	snprintf(aside, 32, "%s", state_file_name(name));
	log_warn("state directory %s: %s: %s: it is left out, and cannot be renamed: %s", st->dir,
		 state_file_name(name), why.text, errno_text(err));
}
