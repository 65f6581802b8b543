// SPDX-License-Identifier: GPL-2.0-or-later
/* The command stats: packets by verdict and reason, pins, writes, traffic. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/common/lost.h"
#include "cli/common/table.h"

static void traffic_row(struct table *t, const char *service, const char *backend,
			const json_t *json)
{
	table_cell(t, "%s", service);
	table_cell(t, "%s", backend);
	table_cell(t, "%lld", number(json, "packets"));
	table_cell(t, "%lld", number(json, "bytes"));
	table_cell(t, "%lld", number(json, "flows"));
}

static void service_rows(struct table *t, const json_t *service)
{
	const json_t *backend;
	size_t i;

	traffic_row(t, text(service, "name"), "", service);
	json_array_foreach(json_object_get(service, "backends"), i, backend)
		traffic_row(t, "", text(backend, "name"), backend);
}

#define TRAFFIC_HEADS "SERVICE|BACKEND|>PACKETS|>BYTES|>NEW FLOWS"

#define DROPS_SHOWN 20

/* Whose the dropped packets were: the table PACKETS, SERVICE, BACKEND, DROPPED AS, of the most. */
static void print_drops(const json_t *list)
{
	char heads[] = ">PACKETS|SERVICE|BACKEND|DROPPED AS";
	size_t i, count = json_array_size(list);
	const json_t *item;
	struct table t;

	if (!count)
		return;
	table_begin(&t, heads);
	json_array_foreach(list, i, item) {
		if (i == DROPS_SHOWN)
			break;
		table_cell(&t, "%lld", number(item, "packets"));
		table_cell(&t, "%s", text(item, "service"));
		table_cell(&t, "%s", text(item, "backend"));
		table_cell(&t, "%s", text(item, "reason"));
	}
	table_end(&t);
	if (count > DROPS_SHOWN)
		printf("and %zu more: want `xring --json stats`\n", count - DROPS_SHOWN);
	putchar('\n');
}

static void print_service_stats(const json_t *data)
{
	char heads[] = TRAFFIC_HEADS;
	struct table t;

	table_begin(&t, heads);
	service_rows(&t, data);
	table_end(&t);
	if (json_array_size(json_object_get(data, "drops")))
		putchar('\n');
	print_drops(json_object_get(data, "drops"));
}

/* The table PACKETS, COUNTER, MEANING of the counters that are not 0. */
static void print_counters(const json_t *list)
{
	char heads[] = ">PACKETS|COUNTER|MEANING";
	const json_t *item;
	struct table t;
	size_t i;

	table_begin(&t, heads);
	json_array_foreach(list, i, item) {
		if (!number(item, "packets"))
			continue;
		table_cell(&t, "%lld", number(item, "packets"));
		table_cell(&t, "%s", text(item, "name"));
		table_cell(&t, "%s", text(item, "help"));
	}
	table_end(&t);
	putchar('\n');
}

static bool any_counted(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (number(item, "packets"))
			return true;
	return false;
}

static void print_pins(const json_t *pins)
{
	long long count = number(pins, "count"), max = number(pins, "max");

	printf("pins     %lld of %lld (%.1f%%), %lld handshakes not confirmed\n", count, max,
	       max ? 100.0 * count / max : 0, number(pins, "syns"));
	if (number(pins, "keys") || number(pins, "keys_no_room"))
		printf("keys     %lld of %lld with an entry, %lld hot ones found none\n",
		       number(pins, "keys"), number(pins, "keys_max"),
		       number(pins, "keys_no_room"));
}

static void print_writes(const json_t *writes)
{
	printf("writes   %lld changes asked for, %lld gathered, %lld wait; %lld flushes, "
	       "%lld cells; last %.3f ms, longest %.3f ms\n",
	       number(writes, "asked"), number(writes, "gathered"), number(writes, "pending"),
	       number(writes, "flushes"), number(writes, "cells_written"),
	       real(writes, "flush_ms"), real(writes, "flush_ms_max"));
}

/* What an answer may have beside the counters by verdict. */
static void print_beside(const json_t *data)
{
	const json_t *events = json_object_get(data, "events");
	const json_t *pins = json_object_get(data, "pins");
	const json_t *writes = json_object_get(data, "writes");

	if (any_counted(events))
		print_counters(events);
	if (json_is_object(pins))
		print_pins(pins);
	if (json_is_object(writes))
		print_writes(writes);
	if (json_is_object(pins) || json_is_object(writes))
		putchar('\n');
}

/*
 * What came in by the devices' own counters, and beside it what the program decided. An older daemon
 * knows of no devices.
 */
static void print_packets(const json_t *packets)
{
	const json_t *devices = json_object_get(packets, "devices"), *device;
	long long verdicts = number(packets, devices ? "verdicts" : "rx");
	long long more = number(packets, "rx") - verdicts;
	size_t i;

	if (devices)
		printf("rx %lld", number(packets, "rx"));
	json_array_foreach(devices, i, device)
		printf(" %c %s %lld", i ? '+' : '=', text(device, "device"),
		       number(device, "packets"));
	if (devices)
		printf(", by the devices\n");
	printf("%s %lld = tx %lld + pass %lld + drop %lld\n", devices ? "verdicts" : "rx", verdicts,
	       number(packets, "tx"), number(packets, "pass"), number(packets, "drop"));
	if (more)
		printf("they differ: %lld %s\n", more > 0 ? more : -more,
		       more > 0 ? "packets without a verdict" : "verdicts without a packet");
	putchar('\n');
}

static void print_stats(const json_t *data)
{
	const json_t *service;
	char heads[] = TRAFFIC_HEADS;
	struct table t;
	size_t i;

	print_packets(json_object_get(data, "packets"));
	print_counters(json_object_get(data, "reasons"));
	print_drops(json_object_get(data, "drops"));
	lost_print(json_object_get(data, "lost"));
	print_beside(data);
	table_begin(&t, heads);
	json_array_foreach(json_object_get(data, "services"), i, service)
		service_rows(&t, service);
	table_end(&t);
}

int run_stats(const struct args *args)
{
	json_t *request = request_new("stats");

	if (args->word_count)
		request_set(request, "service", args->words[0]);
	return ask_and_print(args, request, args->word_count ? print_service_stats : print_stats);
}
