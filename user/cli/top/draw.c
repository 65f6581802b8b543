// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The screen of `xring top`, from top to bottom: a headline; services and their backends; hot
 * keys; changes; the keys. A list that does not fit is cut, and says so.
 */
#include "cli/top/draw.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/field.h"
#include "cli/top/page.h"
#include "cli/top/rows.h"

#define WIDE 110			/* characters; from this width the headline says more */
#define LIST_HEAD 2			/* lines above a list: an empty one, and the heads */

static const char *const help[] = {
	"",
	"  q             quit",
	"  right, s      sort backends by the next column",
	"  left, S       by the one before",
	"  r             the other way round",
	"  up, down      choose a service",
	"  Enter         only that one; all again",
	"  p             hold the picture; go on",
	"  h             this; back",
	"",
	"  NEW/S         flows opened a second",
	"  SHARE         of the service's packets, since the picture before",
	"  RING          share of the ring that it owns",
	"  X RING        ###.|.... less than the ring gives it, ####|##.. more: times that",
	"  LOAD          times the average; red: above the bound of the service",
	"  PINS          flows that changes hold on it",
	"  X AVG         a hot key's packets: times those of the average key",
	"  SHARDS        sub-keys of a hot key / backends that they are on",
};

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

/* ---- above and below ---- */

/* Prints why there is no new sample, in as many lines as needed. */
static void draw_away(struct page *p, const char *why)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s, trying again", why);
	for (size_t at = 0, len = strlen(line); at < len; at += COLS)
		page_line(p, page_bad(), "%.*s", COLS, line + at);
}

static void draw_headline(struct page *p, const struct top_model *m)
{
	const json_t *pins = json_object_get(m->data, "pins");
	double count = number(pins, "count"), max = number(pins, "max");
	char rx[SHORT_TEXT], tx[SHORT_TEXT], pass[SHORT_TEXT], drop[SHORT_TEXT];
	char used[SHORT_TEXT], room[SHORT_TEXT];
	int y = p->y, x;

	page_line(p, A_BOLD, "xringd %s  rx %s tx %s pass %s drop %s pkt/s  pins %s of %s",
		  text(m->data, "version"), short_print(m->rx, rx), short_print(m->tx, tx),
		  short_print(m->pass, pass), short_print(m->drop, drop),
		  short_percent(max ? count / max : 0, used), short_print(max, room));
	getyx(stdscr, y, x);
	if (COLS >= WIDE)
		page_put(y, x, A_NORMAL, ": %lld, %lld held, %lld handshakes",
			 number(pins, "count"), number(pins, "held"), number(pins, "syns"));
}

static void draw_keys(const struct top_view *v)
{
	const struct {
		const char *text;
		bool on;
	} keys[] = {
		{ "q quit" },		    { "s S sort" },
		{ "r reverse", v->reverse }, { "up down service" },
		{ "Enter only it", v->only }, { "p pause", v->paused },
		{ "h help", v->help },
	};
	int x = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		page_put(LINES - 1, x, keys[i].on ? A_REVERSE : A_NORMAL, "%s", keys[i].text);
		x += strlen(keys[i].text) + 2;
	}
}

/* ---- services ---- */

static void draw_service(struct page *p, const struct top_service *s, bool chosen, size_t room)
{
	size_t shown = s->count <= room ? s->count : room ? room - 1 : 0;

	rows_service(p, s, chosen);
	for (size_t i = 0; i < shown; i++)
		rows_backend(p, s, &s->backends[i]);
	if (room && shown < s->count)
		page_line(p, A_NORMAL, "  ... and %zu more", s->count - shown);
}

/*
 * The chosen service gets the lines that the others leave. If not even a line for each
 * service fits, the chosen one is among those that are shown.
 */
static void draw_services(struct page *p, const struct top_model *m, size_t chosen)
{
	size_t lines = p->y < p->end ? p->end - p->y : 0;
	size_t left, room = top_model_room(m, lines, &left), first = 0, shown = m->count;

	if (lines && m->count > lines) {
		shown = lines - 1;
		first = chosen >= shown ? chosen + 1 - shown : 0;
	}
	for (size_t i = first; i < first + shown; i++)
		draw_service(p, &m->services[i], i == chosen, room + (i == chosen ? left : 0));
	if (shown < m->count)
		page_line(p, A_NORMAL, "... and %zu more services", m->count - shown);
}

static size_t lines_wanted(const struct top_model *m)
{
	size_t lines = m->count;

	for (size_t i = 0; i < m->count; i++)
		lines += m->services[i].count;
	return lines;
}

/* ---- the other lists ---- */

struct list {
	const json_t *items;
	void (*row)(struct page *p, const json_t *item);
	int wanted, lines;
};

static struct list list_of(const struct top_model *m, const char *key,
			   void (*row)(struct page *p, const json_t *item))
{
	struct list l = { json_object_get(m->data, key), row };
	size_t count = json_array_size(l.items);

	l.wanted = count ? count + LIST_HEAD : 0;
	return l;
}

static void draw_list(struct page *p, const struct list *l)
{
	size_t count = json_array_size(l->items), room, shown;

	if (l->lines <= LIST_HEAD)
		return;
	room = l->lines - LIST_HEAD;
	shown = count <= room ? count : room - 1;
	p->y++;
	l->row(p, NULL);
	for (size_t i = 0; i < shown; i++)
		l->row(p, json_array_get(l->items, i));
	if (shown < count)
		page_line(p, A_NORMAL, "  ... and %zu more", count - shown);
}

/* Each list gets at most a quarter of the lines, or none, and more if nothing else needs them. */
static void draw_body(struct page *p, const struct top_model *m, size_t chosen)
{
	struct list lists[] = {
		list_of(m, "hot", rows_hot), list_of(m, "changes", rows_change),
	};
	int lines = p->end - p->y, left = lines - smaller(lines_wanted(m), lines);
	int quarter = lines / 4 > LIST_HEAD + 1 ? lines / 4 : 0;
	struct page services = *p;

	for (int i = 0; i < 2; i++) {
		lists[i].lines = smaller(lists[i].wanted, quarter);
		left -= lists[i].lines;
		services.end -= lists[i].lines;
	}
	for (int i = 0; i < 2 && left > 0; i++) {
		int more = smaller(lists[i].wanted - lists[i].lines, left);

		lists[i].lines += more;
		left -= more;
		services.end -= more;
	}
	draw_services(&services, m, chosen);
	p->y = services.y;
	draw_list(p, &lists[0]);
	draw_list(p, &lists[1]);
}

void top_draw(const struct top_model *m, const struct top_view *v)
{
	struct page page = { .end = LINES - 1 };
	struct top_model shown = *m;

	if (v->only && m->count) {
		shown.services += v->service;
		shown.count = 1;
	}
	erase();
	if (v->away)
		draw_away(&page, v->away);
	else if (m->data)
		draw_headline(&page, m);
	if (v->help) {
		for (size_t i = 0; i < sizeof(help) / sizeof(*help); i++)
			page_line(&page, A_NORMAL, "%s", help[i]);
	} else if (m->data) {
		rows_heads(&page, v->column);
		draw_body(&page, &shown, v->only ? 0 : v->service);
	}
	draw_keys(v);
	wnoutrefresh(stdscr);
	doupdate();
}
