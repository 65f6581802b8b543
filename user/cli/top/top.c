// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command top. One loop waits for the keyboard and for the daemon's answer, so that keys
 * work while the daemon is busy. Each sample has its own connection, so that a daemon that is
 * away or restarts is asked again.
 */
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/why.h"
#include "cli/common/args.h"
#include "cli/common/asking.h"
#include "cli/top/draw.h"
#include "core/value/name.h"
#include "core/value/number.h"
#include "proto/proto.h"

#define INTERVAL_MS 1000u
#define INTERVAL_MIN_MS 200u
#define INTERVAL_MAX_MS 60000u
#define SILENT_MS 3000			/* an answer that takes longer is reported */
/* A signal that came just before the wait is seen after that. */
#define WAIT_MS 1000
#define ESCAPE_MS 25
#define CONTROL_L 12

struct top {
	const char *socket;
	uint32_t interval_ms;
	struct top_view view;
	struct top_model model;
	char service[NAME_BYTES];	/* name of the chosen service */
	json_t *before;			/* the sample before; NULL: rates start again */
	struct asking asking;		/* fd -1: no request is under way */
	long long next_ms, asked_ms;
	struct why why;
	bool quit;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* ---- the daemon ---- */

/* Finds the chosen service again by name, as others come and go. */
static void find_service(struct top *t)
{
	const struct top_model *m = &t->model;

	for (size_t i = 0; i < m->count; i++) {
		if (strcmp(m->services[i].name, t->service))
			continue;
		t->view.service = i;
		return;
	}
	t->view.service = 0;
	t->view.only = false;
	snprintf(t->service, sizeof(t->service), "%s", m->count ? m->services[0].name : "");
}

/* Makes the model that is shown from a sample. */
static int show_sample(struct top *t, json_t *data)
{
	struct top_model model;

	if (top_model_new(t->before, data, &model))
		return why_set(&t->why, EXIT_NO, "out of memory");
	top_model_clear(&t->model);
	t->model = model;
	top_model_sort(&t->model, t->view.column, t->view.reverse);
	find_service(t);
	return 0;
}

static int take_sample(struct top *t, json_t *data)
{
	int code = t->view.paused ? 0 : show_sample(t, data);

	json_decref(t->before);
	t->before = data;
	t->view.away = NULL;
	return code;
}

/* No daemon answers: rates start again with its next sample. */
static int lose_daemon(struct top *t)
{
	t->view.away = t->why.text;
	json_decref(t->before);
	t->before = NULL;
	return t->model.data && !t->view.paused ? show_sample(t, t->model.data) : 0;
}

static int begin_asking(struct top *t)
{
	int code;

	t->asked_ms = now_ms();
	t->next_ms += t->interval_ms;
	if (t->next_ms <= t->asked_ms)
		t->next_ms = t->asked_ms + t->interval_ms;
	code = asking_begin(&t->asking, t->socket, request_new("top"), &t->why);
	return code == ASK_NOBODY ? lose_daemon(t) : code;
}

static int go_on_asking(struct top *t)
{
	json_t *data = NULL;
	struct why why;
	int code = asking_step(&t->asking, &data, &why);

	if (code == ASK_MORE)
		return 0;
	asking_end(&t->asking);
	if (!code)
		return take_sample(t, data);
	t->why = why;
	return code == ASK_NOBODY ? lose_daemon(t) : code;
}

/* The daemon accepts requests, and may still answer. */
static void tell_silence(struct top *t, long long silent_ms)
{
	why_set(&t->why, 0, "xringd does not answer on %s: silent for %lld s",
		 t->socket, silent_ms / 1000);
	t->view.away = t->why.text;
}

static int ask_daemon(struct top *t, bool readable)
{
	long long now = now_ms();

	if (t->asking.fd < 0)
		return now >= t->next_ms ? begin_asking(t) : 0;
	if (readable)
		return go_on_asking(t);
	if (now - t->asked_ms >= SILENT_MS)
		tell_silence(t, now - t->asked_ms);
	return 0;
}

/* ---- keys ---- */

static void choose_column(struct top *t, int step)
{
	t->view.column = (t->view.column + TOP_COLUMNS + step) % TOP_COLUMNS;
	top_model_sort(&t->model, t->view.column, t->view.reverse);
}

static void choose_service(struct top *t, int step)
{
	size_t to = t->view.service + step;

	if (to >= t->model.count)	/* unsigned, so also before the first one */
		return;
	t->view.service = to;
	snprintf(t->service, sizeof(t->service), "%s", t->model.services[to].name);
}

static void take_key(struct top *t, int key)
{
	switch (key) {
	case 'q':
		t->quit = true;
		break;
	case 's':
	case KEY_RIGHT:
		choose_column(t, 1);
		break;
	case 'S':
	case KEY_LEFT:
		choose_column(t, -1);
		break;
	case 'r':
		t->view.reverse = !t->view.reverse;
		choose_column(t, 0);
		break;
	case KEY_UP:
		choose_service(t, -1);
		break;
	case KEY_DOWN:
		choose_service(t, 1);
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		t->view.only = !t->view.only && t->model.count;
		break;
	case 'p':
		t->view.paused = !t->view.paused;
		break;
	case 'h':
		t->view.help = !t->view.help;
		break;
	case CONTROL_L:
		clearok(curscr, TRUE);
		break;
	}
}

/* ---- the terminal ---- */

static SCREEN *terminal_open(void)
{
	struct sigaction action = { .sa_handler = stop };	/* no SA_RESTART, to end waits */
	SCREEN *screen;

	setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return NULL;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(TOP_RED, COLOR_RED, -1);
	}
	return screen;
}

static void terminal_close(SCREEN *screen)
{
	move(LINES - 1, 0);	/* for terminals without an alternate screen */
	clrtoeol();
	refresh();
	endwin();
	delscreen(screen);
}

static int wait_ms(const struct top *t)
{
	long long left = t->next_ms - now_ms();

	if (t->asking.fd >= 0 || left > WAIT_MS)
		return WAIT_MS;
	return left > 0 ? left : 0;
}

static int loop(struct top *t)
{
	int code = 0, key;

	while (!code && !t->quit && !stopped) {
		struct pollfd files[] = {
			{ STDIN_FILENO, POLLIN }, { t->asking.fd, POLLIN },
		};
		int ready = poll(files, 2, wait_ms(t));

		/* Also after a signal: a resize comes as a key. */
		while ((key = getch()) != ERR)
			take_key(t, key);
		if (ready > 0 && files[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			break;
		code = ask_daemon(t, ready > 0 && files[1].revents);
		top_draw(&t->model, &t->view);
	}
	return code;
}

static int show(const struct args *args, uint32_t interval_ms)
{
	struct top t = {
		.socket = args->socket, .interval_ms = interval_ms, .next_ms = now_ms(),
		.asking.fd = -1, .view.column = TOP_PACKETS,
	};
	SCREEN *screen = terminal_open();
	int code;

	if (!screen)
		return words_wrong("top: terminal %s: want one that terminfo knows",
				   getenv("TERM") ?: "without a name");
	code = loop(&t);
	terminal_close(screen);
	if (code)
		fprintf(stderr, "xring: %s\n", t.why.text);
	if (t.asking.fd >= 0)
		asking_end(&t.asking);
	json_decref(t.before);
	top_model_clear(&t.model);
	return code;
}

/* ---- for programs ---- */

/* Prints a sample on each line; count 0: endlessly. */
static int print_samples(const struct args *args, uint32_t interval_ms, uint32_t count)
{
	for (uint32_t i = 0; !count || i < count; i++) {
		json_t *data = NULL;
		int code;

		if (i)
			poll(NULL, 0, interval_ms);
		code = ask(args, request_new("top"), &data);
		if (code)
			return code;
		json_dumpf(data, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
		json_decref(data);
		putchar('\n');
		if (fflush(stdout))
			break;	/* main() says why */
	}
	return 0;
}

/* Reads seconds with thousandths, which are milliseconds: the format of a weight. */
static int interval_parse(const char *text, uint32_t *ret_ms)
{
	uint32_t ms;

	if (weight_parse(text, &ms) || ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS)
		return -1;
	*ret_ms = ms;
	return 0;
}

int run_top(const struct args *args)
{
	const char *interval = option(args, "interval"), *count = option(args, "n");
	uint32_t interval_ms = INTERVAL_MS, n = 0;

	if (interval && interval_parse(interval, &interval_ms))
		return words_wrong("interval %s: want 0.2 to 60 seconds", interval);
	if (count && unsigned_parse(count, 1, UINT32_MAX, &n))
		return words_wrong("-n %s: want a count", count);
	if (count && !args->json)
		return words_wrong("-n: want it with --json alone");
	if (args->json)
		return print_samples(args, interval_ms, n);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return words_wrong("top: want a terminal, or --json");
	return show(args, interval_ms);
}
