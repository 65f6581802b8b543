// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for changes. The daemon is asked five times a second, each time on a new
 * connection, so that a daemon that restarts meanwhile is waited for and asked again: changes
 * outlive the daemon.
 */
#include "cli/common/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "base/why.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/span.h"
#include "proto/proto.h"

#define POLL_MS 200
#define SILENT_MS 30000		/* how long the daemon may be silent */
#define BAR 24			/* characters */
#define LINE_MAX_BYTES 256

static const char *const stage_names[STAGES] = {
	"prepare", "copy", "catch-up", "switch", "cleanup", "done",
};

struct watched {
	long long id;
	int seen;			/* the last stage that was printed; -1: none */
	bool over;			/* nothing more will be printed */
};

struct watching {
	const struct args *args;
	struct watched *changes;
	size_t count, drawn;		/* lines on the terminal */
	enum stage until;
	bool terminal;
	int code;
};

int watch_option(const struct args *args, enum stage otherwise, enum stage *ret)
{
	const char *word = option(args, "wait");

	if (word && strcmp(word, "switch") && strcmp(word, "cleanup"))
		return words_wrong("wait %s: want switch or cleanup", word);
	*ret = !word ? otherwise : !strcmp(word, "switch") ? STAGE_SWITCH : STAGE_CLEANUP;
	return 0;
}

/* How the change ended if not with "done"; NULL: it is under way or done. */
static const char *misfortune(const json_t *change)
{
	const char *end = json_string_value(json_object_get(change, "end"));

	return end && strcmp(end, "done") ? end : NULL;
}

static enum stage stage_of(const json_t *change)
{
	if (!strcmp(text(change, "end"), "done"))
		return STAGE_DONE;
	for (int i = 0; i < STAGES; i++)
		if (!strcmp(text(change, "stage"), stage_names[i]))
			return i;
	return STAGE_PREPARE;
}

/* ---- in a pipe ---- */

static void tell(struct watched *w, const json_t *change)
{
	const char *why = misfortune(change);
	int stage = stage_of(change);

	while (w->seen < stage)
		printf("change %lld %s: %s\n", w->id, text(change, "service"),
		       stage_names[++w->seen]);
	if (why)
		printf("change %lld %s: %s\n", w->id, text(change, "service"), why);
}

/* ---- on a terminal ---- */

/* The part, 0 to 1, of the change's time in the moving stages that is over. */
static double settled(const json_t *change)
{
	double age = real(change, "age"), left = real(change, "next_in");

	if (stage_of(change) >= STAGE_SWITCH)
		return 1;
	return age + left > 0 && left > 0 ? age / (age + left) : 0;
}

static void bar_print(double share, char buf[BAR + 3])
{
	int full = share * BAR;

	buf[0] = '[';
	for (int i = 0; i < BAR; i++)
		buf[1 + i] = i < full ? '#' : '.';
	strcpy(buf + 1 + BAR, "]");
}

static void line_print(const json_t *change, char *buf, size_t size)
{
	const char *why = misfortune(change);
	enum stage stage = stage_of(change);
	char bar[BAR + 3], span[SPAN_TEXT];
	size_t at;

	bar_print(settled(change), bar);
	at = snprintf(buf, size, "change %lld %s  %s  %s", number(change, "id"),
		      text(change, "service"), bar, why ?: stage_names[stage]);
	if (why || stage == STAGE_DONE || at >= size)
		return;
	at += snprintf(buf + at, size - at, "  %lld pins  %.1f old flows/s",
		       number(change, "pins"), real(change, "old_per_s"));
	if (at < size && json_is_number(json_object_get(change, "next_in")))
		snprintf(buf + at, size - at, "  %s to %s",
			 span_print(real(change, "next_in"), span), stage_names[stage + 1]);
}

static void redraw(struct watching *w, const json_t *list)
{
	struct winsize size = {};
	const json_t *change;
	size_t i;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (w->drawn)
		printf("\033[%zuA", w->drawn);
	json_array_foreach(list, i, change) {
		char line[LINE_MAX_BYTES];

		line_print(change, line, sizeof(line));
		printf("\r%.*s\033[K\n", (size.ws_col ?: 80) - 1, line);
	}
	w->drawn = i;
	fflush(stdout);
}

/* ---- the wait ---- */

static const json_t *change_of(const json_t *list, long long id)
{
	const json_t *change;
	size_t i;

	json_array_foreach(list, i, change)
		if (number(change, "id") == id)
			return change;
	return NULL;
}

/* Shows what the daemon answered. True: all changes have reached the stage or ended. */
static bool take(struct watching *w, const json_t *list)
{
	bool all = true;

	for (size_t i = 0; i < w->count; i++) {
		struct watched *c = &w->changes[i];
		const json_t *change = change_of(list, c->id);

		if (c->over)
			continue;
		if (!w->args->json && !w->terminal && change)
			tell(c, change);
		if (!change)
			fprintf(stderr, "xring: change %lld: xringd no longer knows it\n", c->id);
		c->over = !change || misfortune(change) || stage_of(change) >= w->until;
		if (!change || misfortune(change))
			w->code = EXIT_NO;
		all = all && c->over;
	}
	if (w->terminal && !w->args->json)
		redraw(w, list);
	fflush(stdout);
	return all;
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int follow(struct watching *w, const json_t *ids)
{
	struct why why;

	for (int silent = 0;; pause_ms(POLL_MS)) {
		json_t *request = request_new("changes"), *list = NULL;
		bool all;
		int code;

		json_object_set_new(request, "ids", json_deep_copy(ids));
		code = ask_quietly(w->args, request, &list, &why);
		if (code == ASK_NOBODY && (silent += POLL_MS) < SILENT_MS)
			continue;
		if (code) {
			fprintf(stderr, "xring: %s\n", why.text);
			return code == ASK_NOBODY ? EXIT_NO : code;
		}
		silent = 0;
		all = take(w, list);
		json_decref(list);
		if (all)
			return w->code;
	}
}

int watch(const struct args *args, const json_t *ids, enum stage until)
{
	struct watching w = { .args = args, .until = until, .terminal = isatty(STDOUT_FILENO) };
	_free_ struct watched *changes = calloc(json_array_size(ids) + 1, sizeof(*changes));
	const json_t *id;
	size_t i;

	if (!changes)
		return EXIT_NO;
	w.changes = changes;
	json_array_foreach(ids, i, id)
		changes[w.count++] = (struct watched){ json_integer_value(id), -1 };
	return w.count ? follow(&w, ids) : 0;
}
