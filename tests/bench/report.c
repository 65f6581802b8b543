// SPDX-License-Identifier: GPL-2.0-or-later
/* What the rows of a run say. */
#include "rows.h"

#include "stats.h"

/* The row of the empty program that says what is not this row's. */
static const struct row *baseline(const struct rows *rows, const struct row *row, bool strict)
{
	return &rows->row[strict && row->grows ? row->shifted : row->empty];
}

double row_net(const struct rows *rows, const struct row *row, bool strict)
{
	const struct row *empty = baseline(rows, row, strict);
	double net[SAMPLES_MAX];

	for (unsigned i = 0; i < rows->rounds; i++)
		net[i] = row->ns[i] - empty->ns[i];
	return stats_median(net, rows->rounds);
}

double row_ratio(const struct rows *rows, const struct row *row, bool strict)
{
	const struct row *encap = &rows->row[row->encap];
	const struct row *empty = baseline(rows, row, strict);
	const struct row *encap_empty = baseline(rows, encap, strict);
	double ratio[SAMPLES_MAX];

	for (unsigned i = 0; i < rows->rounds; i++)
		ratio[i] = (row->ns[i] - empty->ns[i]) / (encap->ns[i] - encap_empty->ns[i]);
	return stats_median(ratio, rows->rounds);
}

double row_ratio_of_minimums(const struct rows *rows, const struct row *row)
{
	double encap = stats_minimum(rows->row[row->encap].ns, rows->rounds);
	double empty = stats_minimum(rows->row[row->empty].ns, rows->rounds);

	return (stats_minimum(row->ns, rows->rounds) - empty) / (encap - empty);
}

double row_difference(const struct rows *rows, const struct row *row)
{
	const double *ns = row->ns, *other = rows->row[row->other].ns;
	double difference[SAMPLES_MAX];
	unsigned pairs = rows->rounds / 2;

	if (!pairs)
		return ns[0] - other[0];
	for (unsigned i = 0; i < pairs; i++)
		difference[i] = (ns[2 * i] + ns[2 * i + 1] - other[2 * i] - other[2 * i + 1]) / 2;
	return stats_median(difference, pairs);
}

double row_difference_of_minimums(const struct rows *rows, const struct row *row)
{
	return stats_minimum(row->ns, rows->rounds) -
	       stats_minimum(rows->row[row->other].ns, rows->rounds);
}

void rows_print(const struct rows *rows, FILE *out)
{
	fprintf(out, "%-28s %-23s %7s %7s %7s %7s %7s %7s\n", "program", "packets", "median",
		"min", "net", "ratio", "strict", "ratio");
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		fprintf(out, "%-28s %-23s %7.1f %7.1f", row->program, traffic_name(row->traffic),
			stats_median(row->ns, rows->rounds), stats_minimum(row->ns, rows->rounds));
		if (row->empty >= 0)
			fprintf(out, " %7.1f", row_net(rows, row, false));
		if (row->encap >= 0)
			fprintf(out, " %7.2f %7.1f %7.2f", row_ratio(rows, row, false),
				row_net(rows, row, true), row_ratio(rows, row, true));
		if (row->other >= 0)
			fprintf(out, "  %+.1f ns (min %+.1f)", row_difference(rows, row),
				row_difference_of_minimums(rows, row));
		fputc('\n', out);
	}
}

static void print_json(const struct rows *rows, const struct row *row, FILE *out)
{
	fprintf(out, "{\"program\":\"%s\",\"packets\":\"%s\",\"median\":%.2f,\"min\":%.2f",
		row->program, traffic_name(row->traffic), stats_median(row->ns, rows->rounds),
		stats_minimum(row->ns, rows->rounds));
	if (row->empty >= 0)
		fprintf(out, ",\"net\":%.2f", row_net(rows, row, false));
	if (row->encap >= 0)
		fprintf(out, ",\"ratio\":%.3f,\"strict_net\":%.2f,\"strict_ratio\":%.3f",
			row_ratio(rows, row, false), row_net(rows, row, true),
			row_ratio(rows, row, true));
	if (row->other >= 0)
		fprintf(out, ",\"difference\":%.2f", row_difference(rows, row));
	fputc('}', out);
}

void rows_print_json(const struct rows *rows, FILE *out)
{
	fputs("\"rows\":[", out);
	for (size_t i = 0; i < rows->count; i++) {
		fputs(i ? ",\n" : "\n", out);
		print_json(rows, &rows->row[i], out);
	}
	fputs("\n]", out);
}
