// SPDX-License-Identifier: GPL-2.0-or-later
/* The command explain: what the datapath would do with a packet, and why. */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "cli/common/args.h"
#include "cli/common/ask.h"
#include "cli/common/field.h"
#include "cli/why/packet.h"
#include "cli/why/why.h"
#include "core/value/number.h"
#include "proto/proto.h"

#define FRAME_LEAST 14u			/* an Ethernet header */

static void steps_print(const json_t *data)
{
	const json_t *step;
	size_t i;

	json_array_foreach(json_object_get(data, "steps"), i, step)
		printf("%-9s  %s\n", text(step, "step"), text(step, "text"));
}

/* Asks of one frame. hex: its bytes. ours: it is made up, and has no MAC address of the interface. */
static int ask_of(const struct args *args, const char *hex, bool ours, json_t **ret)
{
	json_t *request = request_new("explain");

	request_set(request, "frame", hex);
	request_set(request, "in", option(args, "in"));
	if (ours)
		json_object_set_new(request, "ours", json_true());
	return ask(args, request, ret);
}

/* Prints an answer. 1: the packet would be dropped. */
static int answer_print(const struct args *args, json_t *data)
{
	const char *verdict = text(data, "verdict");
	int code = !strcmp(verdict, "drop") || !strcmp(verdict, "aborted") ? EXIT_NO : 0;

	if (args->json)
		json_print(data);
	else
		steps_print(data);
	return code;
}

static int explain_hex(const struct args *args, const char *hex, bool ours)
{
	json_t *data = NULL;
	int code = ask_of(args, hex, ours, &data);

	if (!code)
		code = answer_print(args, data);
	json_decref(data);
	return code;
}

static char *hex_of(const uint8_t *bytes, size_t len)
{
	char *ret = malloc(2 * len + 1);

	for (size_t i = 0; ret && i < len; i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
	if (ret)
		ret[2 * len] = 0;
	return ret;
}

static int explain_words(const struct args *args)
{
	const struct packet_words words = {
		.protocol = args_word(args, 0),
		.from = args_word(args, 1),
		.to = args_word(args, 2),
		.syn = option(args, "syn"),
		.ack = option(args, "ack"),
		.fin = option(args, "fin"),
		.rst = option(args, "rst"),
		.len = option(args, "len"),
		.ttl = option(args, "ttl"),
		.vlan = option(args, "vlan"),
		.fragment = option(args, "fragment"),
		.icmp_error = option(args, "icmp-error"),
		.options = option(args, "options"),
	};
	uint8_t frame[PACKET_MOST];
	_free_ char *hex = NULL;
	struct why why;
	size_t len;

	if (!words.to)
		return words_wrong("explain: want PROTOCOL SOURCE:PORT DESTINATION:PORT, --pcap FILE or --hex "
				   "BYTES");
	if (packet_make(&words, frame, &len, &why))
		return words_wrong("%s", why.text);
	hex = hex_of(frame, len);
	return hex ? explain_hex(args, hex, true) : words_wrong("no memory");
}

/* ---- files ---- */

/* FILE:N is the N-th packet; a file whose name ends so is meant by FILE:N:N. */
static int name_split(const char *text, char path[4096], uint32_t *ret_only)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon && !unsigned_parse(colon + 1, 1, UINT32_MAX, ret_only) ?
			     (size_t)(colon - text) : strlen(text);

	if (len >= 4096)
		return -ENAMETOOLONG;
	memcpy(path, text, len);
	path[len] = 0;
	return 0;
}

/* A packet of a file, of which the file may have the beginning alone. */
static int explain_packet(const struct args *args, const unsigned char *bytes, const struct pcap_pkthdr *head)
{
	uint8_t frame[PACKET_MOST] = {};
	_free_ char *hex = NULL;

	if (head->len < FRAME_LEAST || head->len > PACKET_MOST) {
		fprintf(stderr, "xring: a frame of %u bytes: want %u to %u\n", head->len, FRAME_LEAST,
			PACKET_MOST);
		return EXIT_NO;
	}
	memcpy(frame, bytes, head->caplen < head->len ? head->caplen : head->len);
	if (head->caplen < head->len && !args->json)
		printf("note       the file has %u of its %u bytes; the rest is taken for 0\n", head->caplen,
		       head->len);
	hex = hex_of(frame, head->len);
	return hex ? explain_hex(args, hex, false) : words_wrong("no memory");
}

static int explain_packets(const struct args *args, pcap_t *file, uint32_t only)
{
	const unsigned char *bytes;
	struct pcap_pkthdr *head;
	uint32_t number = 0;
	int worst = 0, got;

	while ((got = pcap_next_ex(file, &head, &bytes)) == 1) {
		int code;

		number++;
		if (only && number != only)
			continue;
		if (!args->json && !only)
			printf("%s%u\n", number > 1 ? "\n" : "", number);
		code = explain_packet(args, bytes, head);
		worst = code > worst ? code : worst;
		if (only || code > EXIT_NO)
			return worst;
	}
	if (got == PCAP_ERROR)
		return words_wrong("pcap: packet %u: %s", number + 1, pcap_geterr(file));
	if (only > number)
		return words_wrong("pcap: there are %u packets, and no number %u", number, only);
	return worst;
}

static int explain_file(const struct args *args, const char *name)
{
	char path[4096], error[PCAP_ERRBUF_SIZE];
	uint32_t only = 0;
	pcap_t *file;
	int code;

	if (name_split(name, path, &only))
		return words_wrong("pcap %s: the name is too long", name);
	file = pcap_open_offline(path, error);
	if (!file)
		return words_wrong("pcap %s", error);
	if (pcap_datalink(file) == DLT_EN10MB)
		code = explain_packets(args, file, only);
	else
		code = words_wrong("pcap %s: want Ethernet frames, not %s", path,
				   pcap_datalink_val_to_name(pcap_datalink(file)) ?: "others");
	pcap_close(file);
	return code;
}

int run_explain(const struct args *args)
{
	if (option(args, "pcap"))
		return explain_file(args, option(args, "pcap"));
	if (option(args, "hex"))
		return explain_hex(args, option(args, "hex"), false);
	return explain_words(args);
}
