// SPDX-License-Identifier: GPL-2.0-or-later
/* Writing on the screen, and short texts of numbers. */
#include "cli/top/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/top/draw.h"

#define LINE_BYTES 1024

static void put(int y, int x, attr_t attr, const char *fmt, va_list args)
{
	char buf[LINE_BYTES];

	if (y < 0 || y >= LINES || x >= COLS)
		return;
	vsnprintf(buf, sizeof(buf), fmt, args);
	attron(attr);
	mvaddnstr(y, x, buf, COLS - x);
	attroff(attr);
}

void page_put(int y, int x, attr_t attr, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(y, x, attr, fmt, args);
	va_end(args);
}

void page_line(struct page *p, attr_t attr, const char *fmt, ...)
{
	va_list args;

	if (p->y >= p->end)
		return;
	va_start(args, fmt);
	put(p->y++, 0, attr, fmt, args);
	va_end(args);
}

attr_t page_bad(void)
{
	return A_BOLD | (has_colors() ? COLOR_PAIR(TOP_RED) : 0);
}

const char *short_print(double number, char buf[SHORT_TEXT])
{
	static const char units[] = "kMGTPE";
	int unit = -1;

	if (isnan(number))
		return "-";
	for (; number >= 999.5 && units[unit + 1]; number /= 1000)
		unit++;
	if (unit >= 0)
		snprintf(buf, SHORT_TEXT, "%.*f%c",
			 number < 9.995 ? 2 : number < 99.95 ? 1 : 0, number, units[unit]);
	else
		snprintf(buf, SHORT_TEXT, "%.*f", number < 9.95 && number != (int)number, number);
	return buf;
}

const char *short_mbits(double bits, char buf[SHORT_TEXT])
{
	double mbits = bits / 1e6;

	if (isnan(mbits))
		return "-";
	snprintf(buf, SHORT_TEXT, "%.*f", mbits < 9.995 ? 2 : mbits < 999.95 ? 1 : 0, mbits);
	return buf;
}

const char *short_percent(double share, char buf[SHORT_TEXT])
{
	if (isnan(share))
		return "-";
	snprintf(buf, SHORT_TEXT, "%.1f%%", 100 * share);
	return buf;
}
