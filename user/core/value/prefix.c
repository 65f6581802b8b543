// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/value/prefix.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/util.h"
#include "core/value/number.h"

unsigned prefix_bits_max(int family)
{
	return family == AF_INET ? 32 : 128;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order;

	if (a->address.family != b->address.family)
		return a->address.family == AF_INET ? -1 : 1;
	order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
	return order ?: (int)a->bits - (int)b->bits;
}

int prefix_order(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

struct prefix prefix_of(const struct address *a, unsigned bits)
{
	struct prefix p = { .address = *a, .bits = (uint8_t)bits };
	unsigned i = bits / 8;

	if (i < sizeof(p.address.bytes))
		p.address.bytes[i++] &= (uint8_t)(0xff00 >> bits % 8);
	for (; i < sizeof(p.address.bytes); i++)
		p.address.bytes[i] = 0;
	return p;
}

bool prefix_covers(const struct prefix *p, const struct address *a)
{
	struct prefix of = prefix_of(a, p->bits);

	return address_equal(&of.address, &p->address);
}

const char *prefix_print(const struct prefix *p, char buf[PREFIX_TEXT])
{
	char text[ADDRESS_TEXT];

	snprintf(buf, PREFIX_TEXT, "%s/%u", address_print(&p->address, text), p->bits);
	return buf;
}

/* ---- one network ---- */

/*
 * Parses four numbers separated by dots, accepts what inet_pton() accepts, and needs a
 * tenth of its time. Returns what follows the numbers, or NULL.
 */
static const char *quad_parse(const char *text, struct address *ret)
{
	struct address a = { .family = AF_INET };

	for (int i = 0; i < 4; i++) {
		unsigned value = 0, digits = 0;

		if (i && *text++ != '.')
			return NULL;
		for (; *text >= '0' && *text <= '9' && digits < 4; digits++)
			value = value * 10 + (unsigned)(*text++ - '0');
		if (!digits || value > 255 || (digits > 1 && text[-(int)digits] == '0'))
			return NULL;
		a.bytes[i] = (uint8_t)value;
	}
	*ret = a;
	return text;
}

/* Parses the address before a slash. Returns what follows the address, or NULL. */
static const char *host_parse(const char *text, struct address *ret)
{
	const char *end = quad_parse(text, ret);
	char host[ADDRESS_TEXT];
	size_t len;

	if (end && (!*end || *end == '/'))
		return end;
	len = strcspn(text, "/");
	if (len >= sizeof(host))
		return NULL;
	memcpy(host, text, len);
	host[len] = '\0';
	return address_parse(host, ret) ? NULL : text + len;
}

int prefix_parse(const char *text, struct prefix *ret, char want[WANT_PREFIX_TEXT])
{
	char meant[PREFIX_TEXT];
	struct address a;
	struct prefix p;
	uint32_t bits;
	const char *end = host_parse(text, &a);

	if (want)
		snprintf(want, WANT_PREFIX_TEXT, WANT_PREFIX);
	if (!end)
		return -EINVAL;
	bits = prefix_bits_max(a.family);
	if (*end && unsigned_parse(end + 1, 0, bits, &bits))
		return -EINVAL;
	p = prefix_of(&a, bits);
	if (!address_equal(&p.address, &a)) {
		if (want)
			snprintf(want, WANT_PREFIX_TEXT, "%s, the network that it is in",
				 prefix_print(&p, meant));
		return -EINVAL;
	}
	*ret = p;
	return 0;
}

/* ---- a list of networks ---- */

struct item {
	struct prefix prefix;
	uint32_t line;
	uint32_t column;
};

struct items {
	struct item *items;
	size_t count;
	bool sorted;
};

#define VALUE_SHOWN 64

/*
 * Fills the error with the value and what was wanted. A long value is cut; odd bytes are
 * shown as '?'.
 */
static int refuse(const char *value, size_t len, const char *want, const struct item *at,
		  struct prefix_error *err)
{
	char shown[VALUE_SHOWN + 1];
	size_t n = len < VALUE_SHOWN ? len : VALUE_SHOWN;

	for (size_t i = 0; i < n; i++)
		shown[i] = value[i] > ' ' && value[i] < 0x7f ? value[i] : '?';
	shown[n] = '\0';
	err->line = at->line;
	err->column = at->column;
	return why_set(&err->why, -EINVAL, "%s%s: want %s", shown,
		 len > n ? "..." : "", want);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int value_parse(const char *value, size_t len, struct item *item,
		       struct prefix_error *err)
{
	char text[PREFIX_TEXT], want[WANT_PREFIX_TEXT] = WANT_PREFIX;

	if (len < sizeof(text) && !memchr(value, '\0', len)) {
		memcpy(text, value, len);
		text[len] = '\0';
		if (!prefix_parse(text, &item->prefix, want))
			return 0;
	}
	return refuse(value, len, want, item, err);
}

static int item_add(struct items *list, const struct item *item)
{
	struct item *grown = array_grow(list->items, list->count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	if (list->count && prefix_compare(&grown[list->count - 1].prefix, &item->prefix) > 0)
		list->sorted = false;
	grown[list->count++] = *item;
	return 0;
}

static int line_parse(const char *line, size_t len, uint32_t number, struct items *list,
		      struct prefix_error *err)
{
	const char *comment = memchr(line, '#', len);
	struct item item = { .line = number };
	size_t from = 0;

	if (comment)
		len = (size_t)(comment - line);
	while (len && is_blank(line[len - 1]))
		len--;
	while (from < len && is_blank(line[from]))
		from++;
	if (from == len)
		return 0;
	item.column = (uint32_t)from + 1;
	return value_parse(line + from, len - from, &item, err) ?: item_add(list, &item);
}

static int by_prefix(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return prefix_compare(&x->prefix, &y->prefix) ?: (x->line > y->line) - (x->line < y->line);
}

/*
 * Checks that a sorted list has no network twice. On failure *err names the first line that
 * repeats a network.
 */
static int check_once(const struct items *list, struct prefix_error *err)
{
	const struct item *again = NULL, *before = NULL;
	char value[PREFIX_TEXT], want[WANT_PREFIX_TEXT];

	for (size_t i = 1; i < list->count; i++) {
		const struct item *item = &list->items[i];

		if (prefix_compare(&item[-1].prefix, &item->prefix) ||
		    (again && again->line < item->line))
			continue;
		again = item;
		before = item - 1;
	}
	if (!again)
		return 0;
	prefix_print(&again->prefix, value);
	snprintf(want, sizeof(want), "each network once, line %u has it too", before->line);
	return refuse(value, strlen(value), want, again, err);
}

static int lines_parse(const char *text, size_t len, struct items *list, struct prefix_error *err)
{
	const char *end = text + len;

	for (uint32_t number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text)) ?: end;
		int failed = line_parse(text, (size_t)(stop - text), number, list, err);

		if (failed)
			return failed;
		text = stop + 1;
	}
	if (!list->sorted)
		qsort(list->items, list->count, sizeof(*list->items), by_prefix);
	return check_once(list, err);
}

int prefix_list_parse(const char *text, size_t len, struct prefix_list *ret,
		      struct prefix_error *err)
{
	struct items list = { .sorted = true };
	struct prefix *prefixes;
	int failed = lines_parse(text, len, &list, err);
	_free_ struct item *owned = list.items;

	if (failed)
		return failed;
	prefixes = reallocarray(NULL, list.count ?: 1, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < list.count; i++)
		prefixes[i] = owned[i].prefix;
	*ret = (struct prefix_list){ prefixes, list.count };
	return 0;
}

void prefix_list_clear(struct prefix_list *list)
{
	free(list->prefixes);
	*list = (struct prefix_list){};
}
