/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CLI_TOP_PAGE_H
#define XRING_CLI_TOP_PAGE_H

#include <ncurses.h>

/* A part of the screen, written line by line; what does not fit is left out. */
struct page {
	int y;				/* the next line */
	int end;			/* the line after the last */
};

void page_put(int y, int x, attr_t attr, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void page_line(struct page *p, attr_t attr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The attribute of bad values: red, and bold for those who cannot see red. */
attr_t page_bad(void);

/* Numbers in few characters, "-" for NAN: 0.5, 812, 51.2k, 1.05M. */
#define SHORT_TEXT 16
const char *short_print(double number, char buf[SHORT_TEXT]);
const char *short_mbits(double bits, char buf[SHORT_TEXT]);
const char *short_percent(double share, char buf[SHORT_TEXT]);

#endif
