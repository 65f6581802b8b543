// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of real networks, of which none is for a service: every one passes untouched. */
#include "captures.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

struct passing {
	struct world *w;
	unsigned frames;
};

static void passes_untouched(void *context, const struct captured *f)
{
	struct passing *p = context;
	struct outcome o = world_run(p->w, &f->frame);

	if (o.verdict != XDP_PASS || o.out.len != f->frame.len ||
	    memcmp(o.out.bytes, f->frame.bytes, f->frame.len) != 0)
		fail_msg("%s: frame %u: verdict %u, counter %d", f->file, p->frames, o.verdict, o.counter);
	p->frames++;
}

static void frames_of_other_networks_pass_untouched(void **state)
{
	struct passing p = { world_new(
		"  web: {vip: ['203.0.113.77:0/tcp', '203.0.113.77:0/udp', '[2001:db8:7::7]:0/udp'], mode: ipip,"
		" backends: {b1: 203.0.113.80}}\n"
		"  nat: {vip: '203.0.113.78:0/udp', mode: nat, backends: {b1: 203.0.113.81}}\n") };
	unsigned files;

	world_config(p.w)->macs[0] = 0;		/* whatever MAC address they are for */
	files = captures_each(*state, passes_untouched, &p);
	print_message("%u frames of %u captures\n", p.frames, files);
	assert_in_range(files, 500, 5000);
	assert_in_range(p.frames, 5000, 1000000);
	world_free(p.w);
}

int main(void)
{
	char *directory = (char *)captures_directory();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(frames_of_other_networks_pass_untouched, directory),
	};

	if (!directory) {
		puts("no captures: want tests/packets/captures to fetch them");
		return 77;
	}
	return cmocka_run_group_tests(tests, namespace_enter, NULL);
}
