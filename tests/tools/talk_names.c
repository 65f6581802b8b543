// SPDX-License-Identifier: GPL-2.0-or-later
#include "talk_names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int find_or_add(struct names *n, const char *name, size_t len)
{
	if (!len || len >= NAME_MAX_BYTES || memchr(name, 0, len) || memchr(name, '"', len))
		return -1;
	for (size_t i = 0; i < n->count; i++)
		if (strlen(n->all[i].name) == len && !memcmp(n->all[i].name, name, len))
			return i;
	if (n->count == NAMES_MAX)
		return -1;
	memcpy(n->all[n->count].name, name, len);
	return n->count++;
}

int name_find(struct names *n, const char *name, size_t len)
{
	int found = find_or_add(n, name, len);

	return found >= 0 && n->only_expected && !n->all[found].expected ? -1 : found;
}

const char *name_of(const struct names *n, int name)
{
	return name < 0 ? "nobody yet" : n->all[name].name;
}

void names_expect(struct names *n, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[256];

	if (!f)
		die("%s: %s", path, strerror(errno));
	n->only_expected = true;
	while (fgets(line, sizeof(line), f)) {
		int name = find_or_add(n, line, strcspn(line, "\n"));

		if (name >= 0)
			n->all[name].expected = true;
	}
	fclose(f);
}

void name_set_dead(struct names *n, const char *name, bool dead)
{
	int found = find_or_add(n, name, strlen(name));

	if (found >= 0)
		n->all[found].dead = dead;
}

bool name_is_dead(const struct names *n, int name)
{
	return name >= 0 && n->all[name].dead;
}

bool names_any_dead(const struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->all[i].dead)
			return true;
	return false;
}

void names_count_reset(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		n->all[i].flows = 0;
}

void name_counts(struct names *n, int name)
{
	if (name >= 0)
		n->all[name].flows++;
}

void names_print(const struct names *n)
{
	const char *comma = "";

	putchar('{');
	for (size_t i = 0; i < n->count; i++) {
		if (!n->all[i].flows)
			continue;
		printf("%s\"%s\":%lu", comma, n->all[i].name, n->all[i].flows);
		comma = ",";
	}
	putchar('}');
}
