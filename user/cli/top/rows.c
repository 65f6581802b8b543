// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of the tables that `xring top` shows. */
#include "cli/top/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/field.h"
#include "cli/common/span.h"
#include "cli/common/words.h"
#include "cli/top/model.h"
#include "cli/top/page.h"

#define CELL_TEXT 64
#define INDENT 2

/* Characters of half a bar, which stands for the backend's share of the ring. */
#define BAR_HALF 4
#define BAR (2 * BAR_HALF + 1)

static const struct {
	const char *head;
	int width;
} columns[TOP_COLUMNS] = {
	[TOP_NAME] = { "BACKEND", 11 }, [TOP_STATE] = { "STATE", 11 },
	[TOP_PACKETS] = { "PKT/S", 5 }, [TOP_BITS] = { "MBIT/S", 6 },
	[TOP_FLOWS] = { "NEW/S", 5 },	[TOP_GOT] = { "SHARE", 6 },
	[TOP_RING] = { "RING", 6 },	[TOP_RATIO] = { "X RING", BAR },
	[TOP_LOAD] = { "LOAD", 5 },	[TOP_PINS] = { "PINS", 5 },
};

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

/* The columns by which the terminal is wider than the tables need. */
static int spare(void)
{
	return COLS > ROWS_COLUMNS ? COLS - ROWS_COLUMNS : 0;
}

static int width_of(enum top_column column)
{
	return columns[column].width + (column == TOP_NAME ? smaller(spare(), 40) : 0);
}

static int place_of(enum top_column column)
{
	int x = INDENT;

	for (int c = 0; c < (int)column; c++)
		x += width_of(c) + 1;
	return x;
}

/* Puts a cell: texts left-aligned, numbers right-aligned. */
static void put_cell(int y, enum top_column column, attr_t attr, const char *text)
{
	int width = width_of(column), left = column <= TOP_STATE || column == TOP_RATIO;

	page_put(y, place_of(column), attr, "%*.*s", left ? -width : width, width, text);
}

void rows_heads(struct page *p, enum top_column chosen)
{
	if (p->y >= p->end)
		return;
	for (int c = 0; c < TOP_COLUMNS; c++)
		put_cell(p->y, c, A_BOLD | (c == (int)chosen ? A_REVERSE : 0), columns[c].head);
	p->y++;
}

/* ---- services ---- */

static const char *service_about(const struct top_service *s, char buf[CELL_TEXT])
{
	if (isnan(s->bound))
		snprintf(buf, CELL_TEXT, "%s, %s", s->mode, s->key);
	else
		snprintf(buf, CELL_TEXT, "bound %.4g, %s, %s", s->bound, s->mode, s->key);
	return buf;
}

void rows_service(struct page *p, const struct top_service *s, bool chosen)
{
	attr_t attr = A_BOLD | (chosen ? A_REVERSE : 0);
	char number[SHORT_TEXT], about[CELL_TEXT];
	int x = place_of(TOP_GOT), y = p->y;

	if (y >= p->end)
		return;
	page_line(p, attr, "%*s", chosen ? COLS : 0, "");
	page_put(y, 0, attr, "%.*s", place_of(TOP_PACKETS) - 1, s->name);
	put_cell(y, TOP_PACKETS, attr, short_print(s->traffic.packets_s, number));
	put_cell(y, TOP_BITS, attr, short_mbits(s->traffic.bits_s, number));
	put_cell(y, TOP_FLOWS, attr, short_print(s->traffic.flows_s, number));
	page_put(y, x, attr, " %.*s", place_of(TOP_PINS) - x - 2, service_about(s, about));
	put_cell(y, TOP_PINS, attr, short_print(s->pins, number));
}

/* ---- backends ---- */

/* A bar of the ratio, as "####|##..": one and a half times the backend's share of the ring. */
static const char *bar_print(double ratio, char buf[CELL_TEXT])
{
	int full = ratio < 2 ? ratio * BAR_HALF + 0.5 : 2 * BAR_HALF;

	if (isnan(ratio))
		return "-";
	for (int i = 0, n = 0; i < BAR; i++)
		buf[i] = i == BAR_HALF ? '|' : n++ < full ? '#' : '.';
	buf[BAR] = 0;
	return buf;
}

static const char *cell_print(const struct top_backend *b, enum top_column column,
			      char buf[CELL_TEXT])
{
	double value = top_backend_value(b, column);

	switch (column) {
	case TOP_NAME:
		return b->name;
	case TOP_STATE:
		return b->state;
	case TOP_BITS:
		return short_mbits(value, buf);
	case TOP_GOT:
	case TOP_RING:
		return short_percent(value, buf);
	case TOP_RATIO:
		return bar_print(value, buf);
	case TOP_LOAD:
		snprintf(buf, CELL_TEXT, "%.2f", value);
		return isnan(value) ? "-" : buf;
	default:
		return short_print(value, buf);
	}
}

/* Is the value of the column bad: state down, or load over the bound? */
static bool is_bad(const struct top_service *s, const struct top_backend *b,
		   enum top_column column)
{
	if (column == TOP_NAME || column == TOP_STATE)
		return !strcmp(b->state, "down");
	return column == TOP_LOAD && b->load > s->bound;	/* false if either is NAN */
}

void rows_backend(struct page *p, const struct top_service *s, const struct top_backend *b)
{
	char cell[CELL_TEXT];

	if (p->y >= p->end)
		return;
	for (int c = 0; c < TOP_COLUMNS; c++)
		put_cell(p->y, c, is_bad(s, b, c) ? page_bad() : A_NORMAL, cell_print(b, c, cell));
	p->y++;
}

/* ---- hot keys, changes ---- */

static void hot_line(struct page *p, attr_t attr, const char *const cells[7])
{
	int service = 9 + smaller(spare() / 4, 10), state = 20 + smaller(spare() / 4, 10);
	int key = 18 + smaller(spare() / 2, 28);

	page_line(p, attr, "  %-*.*s %-*.*s %-*.*s %5s %6s %6s %8s", service, service, cells[0],
		  key, key, cells[1], state, state, cells[2], cells[3], cells[4], cells[5],
		  cells[6]);
}

void rows_hot(struct page *p, const json_t *item)
{
	static const char *const heads[] = {
		"SERVICE", "HOT KEY", "STATE", "PKT/S", "SHARE", "X AVG", "SHARDS",
	};
	char state[HOT_STATE_TEXT], shards[48], rate[SHORT_TEXT], share[SHORT_TEXT];
	char times[SHORT_TEXT];

	if (!item) {
		hot_line(p, A_BOLD, heads);
		return;
	}
	hot_line(p, A_NORMAL, (const char *const[]){
		text(item, "service"), text(item, "key"), hot_state_print(item, state),
		short_print(real(item, "rate_pps"), rate),
		short_percent(real(item, "share"), share),
		short_print(real(item, "times_average"), times),
		hot_shards_print(item, shards, sizeof(shards)),
	});
}

void rows_change(struct page *p, const json_t *item)
{
	char span[SPAN_TEXT], what[256], pins[SHORT_TEXT], old[SHORT_TEXT];
	int service = 9 + smaller(spare() / 4, 10);

	if (!item) {
		page_line(p, A_BOLD, "%7s %-*.*s %-9s %7s %6s %6s %s", "CHANGE", service, service,
			  "SERVICE", "STAGE", "NEXT IN", "PINS", "OLD/S", "WHAT");
		return;
	}
	change_what_print(item, what, sizeof(what));
	page_line(p, A_NORMAL, "%7lld %-*.*s %-9s %7s %6s %6s %s", number(item, "id"), service,
		  service, text(item, "service"), text(item, "stage"),
		  json_is_number(json_object_get(item, "next_in")) ?
			  span_print(real(item, "next_in"), span) : "-",
		  short_print(number(item, "pins"), pins),
		  short_print(real(item, "old_per_s"), old), what);
}
