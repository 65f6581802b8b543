// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames of real networks, of which none is for a service: the captures with which tcpdump's own
 * tests read some two hundred protocols, whole and spoilt. Every frame passes untouched.
 *
 * XRING_CAPTURES is where they are; tests/packets/captures puts them into BUILD/captures.
 */
#include "fixture.h"

#include <dirent.h>
#include <linux/bpf.h>
#define PCAP_DONT_INCLUDE_PCAP_BPF_H	/* linux/bpf.h has a struct bpf_insn, too */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static void frames_pass(struct world *w, const char *path, unsigned *ret_frames)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *capture = pcap_open_offline(path, why);
	struct pcap_pkthdr *head;
	const u_char *bytes;

	if (!capture)
		return;			/* some are spoilt on purpose */
	while (pcap_next_ex(capture, &head, &bytes) == 1) {
		struct frame f = { .len = head->caplen };
		struct outcome o;

		if (f.len < 14 || f.len > sizeof(f.bytes))
			continue;	/* no frame: the kernel does not take it for a test */
		memcpy(f.bytes, bytes, f.len);
		o = world_run(w, &f);
		if (o.verdict != XDP_PASS || o.out.len != f.len ||
		    memcmp(o.out.bytes, f.bytes, f.len) != 0)
			fail_msg("%s: frame %u: verdict %u, counter %d", path, *ret_frames, o.verdict,
				 o.counter);
		(*ret_frames)++;
	}
	pcap_close(capture);
}

static void frames_of_other_networks_pass_untouched(void **state)
{
	struct world *w = world_new(
		"  web: {vip: ['203.0.113.77:0/tcp', '203.0.113.77:0/udp', '[2001:db8:7::7]:0/udp'], mode: ipip,"
		" backends: {b1: 203.0.113.80}}\n"
		"  nat: {vip: '203.0.113.78:0/udp', mode: nat, backends: {b1: 203.0.113.81}}\n");
	const char *directory = *state;
	unsigned files = 0, frames = 0;
	DIR *d = opendir(directory);
	struct dirent *entry;

	assert_non_null(d);
	world_config(w)->macs[0] = 0;		/* whatever MAC address they are for */
	while ((entry = readdir(d))) {
		char path[512];

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		frames_pass(w, path, &frames);
		files++;
	}
	closedir(d);
	print_message("%u frames of %u captures\n", frames, files);
	assert_in_range(files, 500, 5000);
	assert_in_range(frames, 5000, 1000000);
	world_free(w);
}

int main(void)
{
	char path[512];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(frames_of_other_networks_pass_untouched, path),
	};

	snprintf(path, sizeof(path), "%s",
		 getenv("XRING_CAPTURES") ?: "");
	if (!*path)
		snprintf(path, sizeof(path), "%s/captures", getenv("BUILD") ?: "build");
	if (access(path, R_OK)) {
		puts("no captures: want tests/packets/captures to fetch them");
		return 77;
	}
	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
