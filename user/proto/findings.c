// SPDX-License-Identifier: GPL-2.0-or-later
#include "proto/findings.h"

#include <string.h>

#define LINE 96				/* columns of a line at most */
#define INDENT 23			/* columns before a sentence */

static const char *text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key)) ?: "";
}

/* Prints words up to the line's end, and the rest below them. */
static void wrap(FILE *to, const char *words)
{
	int column = INDENT;

	while (*words) {
		int len = strcspn(words, " ");

		if (column > INDENT && column + 1 + len > LINE) {
			fprintf(to, "\n%*s", INDENT, "");
			column = INDENT;
		}
		column += fprintf(to, "%s%.*s", column > INDENT ? " " : "", len, words);
		words += len;
		words += strspn(words, " ");
	}
	putc('\n', to);
}

static bool is_chosen(const json_t *finding, const struct findings_choice *choice)
{
	return !choice->device || !strcmp(text(finding, "subject"), choice->device);
}

static void finding_print(FILE *to, const json_t *finding)
{
	static const struct {
		const char *severity, *word;
	} words[] = { { "fail", "FAIL" }, { "unknown", "?" } };
	const char *word = text(finding, "severity"), *subject = text(finding, "subject");
	char sentence[1024];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i].severity))
			word = words[i].word;
	fprintf(to, "%-4s  %-15s  ", word, text(finding, "id"));
	snprintf(sentence, sizeof(sentence), "%s%s%s", subject, *subject ? ": " : "",
		 text(finding, "text"));
	wrap(to, sentence);
	if (*text(finding, "fix"))
		fprintf(to, "%*s# %s\n", INDENT, "", text(finding, "fix"));
}

static void well_print(FILE *to, const json_t *ok)
{
	char words[1024] = "";
	const json_t *id;
	size_t i;

	json_array_foreach(ok, i, id)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
			 *words ? " " : "", json_string_value(id) ?: "");
	fprintf(to, "%-*s", INDENT, "ok");
	wrap(to, words);
}

bool findings_count(const json_t *data, const struct findings_choice *choice)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(data, "findings"), i, finding) {
		const char *severity = text(finding, "severity");

		if (is_chosen(finding, choice) &&
		    (!strcmp(severity, "fail") || (choice->strict && !strcmp(severity, "warn"))))
			return true;
	}
	return false;
}

void findings_print(FILE *to, const json_t *data, const struct findings_choice *choice)
{
	const json_t *finding;
	bool any = false;
	size_t i;

	json_array_foreach(json_object_get(data, "findings"), i, finding) {
		if (!is_chosen(finding, choice))
			continue;
		any = true;
		if (!choice->fixes)
			finding_print(to, finding);
		else if (*text(finding, "fix"))
			fprintf(to, "%s\n", text(finding, "fix"));
	}
	if (!choice->fixes && choice->device && !any)
		fprintf(to, "%s: nothing was found\n", choice->device);
	if (!choice->fixes && !choice->device)
		well_print(to, json_object_get(data, "ok"));
}
