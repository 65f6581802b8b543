// SPDX-License-Identifier: GPL-2.0-or-later
/* Each of doctor's rules finds what it is for, and nothing on a healthy host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/why.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/facts.h"
#include "proto/findings.h"

/* Clients enter by e0 and backends are behind e1, both of a driver that can everything. */
static const char healthy[] =
	"{'host': {'kernel': '6.12.57+deb13-amd64', 'btf': 1, 'cpus': 8, 'jit_enable': 1,"
	"  'jit_harden': 0, 'bpffs': 1, 'memory_max': 0, 'memory_used': 200000000,"
	"  'clock_synchronised': 1, 'neighbours4': 12, 'neighbours4_max': 1024},"
	" 'balancer': {'schedules': 0, 'icmp_checks': 0, 'vip_checks': 0, 'nat4': 0, 'nat6': 0,"
	"  'cells': 1000, 'cells_used': 100, 'backends': 100, 'backends_used': 10,"
	"  'pins': 1000, 'pins_used': 10, 'received': 20000000, 'verdicts': 20000000,"
	"  'busiest_cpu': 3000000, 'compiled': 1},"
	" 'devices': ["
	"  {'name': 'e0', 'driver': 'mlx5_core', 'ifindex': 2, 'ingress': 1, 'egress': 0, 'nat': 0, 'tunnel_bytes': 0, 'up': 1, 'carrier': 1, 'mtu': 1500,"
	"   'program': 7, 'program_ours': 1, 'program_native': 1, 'xdp_features': 127, 'lro': 0,"
	"   'gro_hw': 0, 'rx_vlan': 1, 'queues': 8, 'queues_max': 16, 'rss_queues': 8, 'irqs': 9,"
	"   'irq_cpus': 8, 'irq_node': 0, 'numa_node': 0, 'missed': 5, 'missed_before': 5,"
	"   'forwarding4': 1, 'forwarding6': 1, 'rp_filter': 0},"
	"  {'name': 'e1', 'driver': 'mlx5_core', 'ifindex': 3, 'ingress': 0, 'egress': 1, 'nat': 0, 'tunnel_bytes': 0, 'up': 1, 'carrier': 1, 'mtu': 1500,"
	"   'program': 0, 'program_ours': 0, 'xdp_features': 127, 'queues': 8, 'queues_max': 16,"
	"   'forwarding4': 1, 'forwarding6': 1, 'rp_filter': 0}],"
	" 'vips': [{'service': 'web', 'vip': '192.0.2.1', 'family': 4, 'nat': 0, 'own': 0,"
	"   'leaves': 'e1'}],"
	" 'ways': []}";

/* Text with ' for ". */
static json_t *json_of(const char *text)
{
	_free_ char *copy = strdup(text);
	json_error_t error;
	json_t *ret;

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	ret = json_loads(copy, 0, &error);
	if (!ret)
		fail_msg("%s: %s", text, error.text);
	return ret;
}

/* {'host': ..., 'balancer': ..., 'e0': ..., 'e1': ..., 'vip': ...}: what is otherwise than on the healthy host. */
static void change(json_t *facts, const char *changes)
{
	json_t *by = json_of(changes), *devices = json_object_get(facts, "devices");
	json_t *const to[] = {
		json_object_get(facts, "host"), json_object_get(facts, "balancer"),
		json_array_get(devices, 0), json_array_get(devices, 1),
		json_array_get(json_object_get(facts, "vips"), 0),
	};
	static const char *const words[] = { "host", "balancer", "e0", "e1", "vip" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (json_object_get(by, words[i]))
			json_object_update(to[i], json_object_get(by, words[i]));
	if (json_object_get(by, "ways"))
		json_object_set(facts, "ways", json_object_get(by, "ways"));
	json_decref(by);
}

/* Judged as on a host without a daemon, so that all rules are asked. */
static void judge(const char *changes, struct findings *ret)
{
	json_t *json = json_of(healthy);
	struct facts facts;
	struct why why;

	change(json, changes);
	if (facts_parse(json, &facts, &why))
		fail_msg("%s: %s", changes, why.text);
	*ret = (struct findings){};
	doctor_judge(&facts, false, ret);
	facts_clear(&facts);
	json_decref(json);
}

static void nothing_is_found_on_a_healthy_host(void **state)
{
	static const char *const also[] = {
		"{}",
		"{'e1': {'mtu': 1520, 'tunnel_bytes': 20}}",
		"{'e0': {'mtu': 9000}, 'e1': {'mtu': 9000, 'tunnel_bytes': 40}}",
		"{'balancer': {'nat4': 1, 'nat6': 1}, 'vip': {'nat': 1, 'leaves': ''}, 'e1': {'nat': 1, 'ingress': 1}}",
		/* The route of a VIP leads back, and the host does not forward. */
		"{'vip': {'leaves': 'e0'}, 'e0': {'forwarding4': 0}}",
		/* One interface for both sides needs nobody who takes redirected packets. */
		"{'e0': {'egress': 1, 'xdp_features': 3}, 'e1': {'egress': 0}}",
		/* Of a virtual device nobody wants queues. */
		"{'e0': {'kind': 'veth', 'queues': 1, 'rss_queues': 0, 'peer_tx_checksum': 0}}",
		/* A driver that runs XDP has turned merging off, whatever the feature says. */
		"{'e0': {'lro': 1}}",
		"{'host': {'clock_synchronised': 0}}",
		"{'host': {'memory_max': 300000000}}",
		/* Few packets say nothing about how they spread. */
		"{'balancer': {'received': 90000, 'verdicts': 80000, 'busiest_cpu': 80000}}",
		/* A device of which nothing but its name is known. */
		"{'e1': {'egress': 0}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(also); i++) {
		struct findings findings;

		judge(also[i], &findings);
		if (findings.count)
			fail_msg("%s: %s: %s", also[i], findings.list[0].id, findings.list[0].text);
		findings_clear(&findings);
	}
}

static const struct {
	const char *changes, *id;
	enum severity severity;
	const char *subject, *fix;
} cases[] = {
	{ "{'host': {'kernel': '5.15.0'}}", "kernel", FINDING_FAIL, "", "" },
	{ "{'host': {'kernel': '6.0.9'}}", "kernel", FINDING_FAIL, "", "" },
	{ "{'host': {'btf': 0}}", "kernel", FINDING_FAIL, "", "" },
	{ "{'host': {'bpffs': 0}}", "bpffs", FINDING_FAIL, "", "mount -t bpf bpf /sys/fs/bpf" },
	{ "{'host': {'lacks': 'cap_bpf'}}", "privileges", FINDING_FAIL, "", "" },
	{ "{'host': {'memory_max': 210000000}}", "memory", FINDING_WARN, "", "" },
	{ "{'host': {'jit_enable': 0}}", "jit", FINDING_FAIL, "", "sysctl net.core.bpf_jit_enable=1" },
	{ "{'balancer': {'compiled': 0}}", "jit", FINDING_FAIL, "", "sysctl net.core.bpf_jit_enable=1" },
	{ "{'host': {'jit_harden': 2}}", "jit", FINDING_WARN, "", "sysctl net.core.bpf_jit_harden=1" },
	{ "{'host': {'clock_synchronised': 0}, 'balancer': {'schedules': 1}}", "clock", FINDING_WARN, "", "" },
	{ "{'host': {'firewall': 'inet filter input'}}", "firewall", FINDING_NOTE, "", "" },
	{ "{'e0': {'ifindex': -1}}", "interface", FINDING_FAIL, "e0", "" },
	{ "{'e0': {'up': 0}}", "link", FINDING_FAIL, "e0", "ip link set e0 up" },
	{ "{'e1': {'carrier': 0}}", "link", FINDING_FAIL, "e1", "" },
	{ "{'e1': {'nat': 1}}", "replies", FINDING_FAIL, "e1", "xring attach e1" },
	/* No name is given to a shell that would take it for more than a name. */
	{ "{'e0': {'up': 0, 'name': 'x;reboot'}}", "link", FINDING_FAIL, "x;reboot", "" },
	{ "{'e0': {'up': 0, 'name': 'x&&reboot'}}", "link", FINDING_FAIL, "x&&reboot", "" },
	{ "{'e0': {'up': 0, 'name': '$(id)'}}", "link", FINDING_FAIL, "$(id)", "" },
	{ "{'e0': {'program_ours': 0}}", "other-program", FINDING_FAIL, "e0", "ip link set dev e0 xdp off" },
	{ "{'e0': {'xdp_features': 0, 'program_native': 0}}", "driver", FINDING_WARN, "e0", "" },
	{ "{'e0': {'xdp_features': 1}}", "driver", FINDING_FAIL, "e0", "" },
	{ "{'e0': {'program_native': 0}}", "mode", FINDING_WARN, "e0",
	  "xring detach e0 && xring attach e0 --mode native" },
	{ "{'e1': {'xdp_features': 0}}", "redirect-target", FINDING_FAIL, "e1", "" },
	{ "{'e1': {'kind': 'veth', 'xdp_features': 35}}", "redirect-target", FINDING_FAIL, "e1", "" },
	{ "{'e1': {'xdp_features': -1}}", "redirect-target", FINDING_UNKNOWN, "e1", "" },
	{ "{'e0': {'program': 0, 'lro': 1}}", "lro", FINDING_FAIL, "e0", "ethtool -K e0 lro off" },
	{ "{'e0': {'program': 0, 'gro_hw': 1}}", "lro", FINDING_FAIL, "e0", "ethtool -K e0 rx-gro-hw off" },
	{ "{'e0': {'vlan_above': 'e0.7'}}", "vlan-offload", FINDING_WARN, "e0", "ethtool -K e0 rxvlan off" },
	{ "{'e0': {'kind': 'veth', 'peer': 'x', 'peer_tx_checksum': 1}}", "tx-checksum", FINDING_FAIL, "e0",
	  "ethtool -K x tx off" },
	{ "{'e0': {'kind': 'veth'}}", "tx-checksum", FINDING_UNKNOWN, "e0", "" },
	{ "{'e0': {'mtu': 9000, 'xdp_features': 7}}", "mtu", FINDING_FAIL, "e0", "" },
	{ "{'e1': {'tunnel_bytes': 40}}", "mtu", FINDING_WARN, "e1", "ip link set e1 mtu 1540" },
	{ "{'e0': {'mtu': 1400}, 'e1': {'mtu': 1419, 'tunnel_bytes': 20}}", "mtu",
	  FINDING_WARN, "e1", "ip link set e1 mtu 1420" },
	{ "{'e0': {'kind': 'bridge'}}", "stack", FINDING_WARN, "e0", "" },
	{ "{'e0': {'master': 'bond0', 'sibling': 'e9'}}", "stack", FINDING_WARN, "e0", "" },
	{ "{'e0': {'queues': 4}}", "queues", FINDING_WARN, "e0", "ethtool -L e0 combined 8" },
	{ "{'e1': {'driver': 'i40e', 'queues': 4}}", "queues", FINDING_FAIL, "e1",
	  "ethtool -L e1 combined 8" },
	{ "{'e0': {'driver': 'ena', 'program': 0, 'queues_max': 8}}", "queues", FINDING_FAIL, "e0",
	  "ethtool -L e0 combined 4" },
	{ "{'e0': {'rss_queues': 1}}", "rss", FINDING_WARN, "e0", "ethtool -X e0 equal 8" },
	{ "{'balancer': {'busiest_cpu': 6000000}}", "rss", FINDING_WARN, "", "" },
	{ "{'e0': {'irq_cpus': 1}}", "irq", FINDING_WARN, "e0", "" },
	{ "{'e0': {'numa_node': 1}}", "numa", FINDING_NOTE, "e0", "" },
	{ "{'e0': {'missed': 6}}", "rings", FINDING_WARN, "e0", "ethtool -G e0 rx 4096" },
	{ "{'balancer': {'nat4': 1}, 'e0': {'forwarding4': 0}}", "forwarding", FINDING_FAIL, "e0",
	  "sysctl net/ipv4/conf/e0/forwarding=1" },
	{ "{'balancer': {'nat6': 1}, 'e0': {'forwarding6': 0}}", "forwarding", FINDING_FAIL, "e0",
	  "sysctl net/ipv6/conf/e0/forwarding=1" },
	{ "{'balancer': {'nat4': 1}, 'e0': {'rp_filter': 1}}", "rp-filter", FINDING_WARN, "e0",
	  "sysctl net/ipv4/conf/e0/rp_filter=2" },
	{ "{'balancer': {'vip_checks': 1}, 'e1': {'rp_filter': 1}}", "rp-filter", FINDING_FAIL, "e1",
	  "sysctl net/ipv4/conf/e1/rp_filter=2" },
	{ "{'host': {'neighbours4': 900}}", "neighbours", FINDING_WARN, "",
	  "sysctl net.ipv4.neigh.default.gc_thresh3=4096" },
	{ "{'ways': [{'service': 'web', 'backend': 'b1', 'why': 'no route'}]}", "neighbours", FINDING_FAIL,
	  "", "" },
	{ "{'vip': {'own': 1, 'nat': 1}}", "vip-local", FINDING_NOTE, "192.0.2.1", "" },
	{ "{'vip': {'leaves': 'e0'}}", "vip-local", FINDING_WARN, "192.0.2.1",
	  "ip route replace blackhole 192.0.2.1" },
	{ "{'balancer': {'cells_used': 801}}", "limits", FINDING_WARN, "cells", "" },
	{ "{'balancer': {'backends_used': 81}}", "limits", FINDING_WARN, "backends", "" },
	{ "{'balancer': {'pins_used': 801}}", "limits", FINDING_WARN, "pins", "" },
	{ "{'balancer': {'verdicts': 19970000}}", "rx", FINDING_WARN, "", "" },
};

static void each_fault_is_found_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct findings findings;

		judge(cases[i].changes, &findings);
		if (findings.count != 1)
			fail_msg("%s: %zu findings, the first %s", cases[i].changes, findings.count,
				 findings.count ? findings.list[0].id : "none");
		assert_string_equal(findings.list[0].id, cases[i].id);
		assert_int_equal(findings.list[0].severity, cases[i].severity);
		assert_string_equal(findings.list[0].subject, cases[i].subject);
		assert_string_equal(findings.list[0].fix, cases[i].fix);
		findings_clear(&findings);
	}
}

static void each_rule_has_a_case(void **state)
{
	size_t count;
	const struct rule *rules = doctor_rules(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < ARRAY_SIZE(cases) && strcmp(cases[at].id, rules[i].id))
			at++;
		if (rules[i].judge && at == ARRAY_SIZE(cases))
			fail_msg("%s: no case", rules[i].id);
	}
}

static void a_daemon_is_not_told_what_it_tells(void **state)
{
	json_t *json = json_of(healthy);
	struct findings findings = {};
	struct facts facts;
	struct why why;

	(void)state;
	change(json, "{'e1': {'xdp_features': 0}, 'host': {'btf': 0}}");
	assert_int_equal(facts_parse(json, &facts, &why), 0);
	doctor_judge(&facts, true, &findings);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.list[0].id, "kernel");
	findings_clear(&findings);
	facts_clear(&facts);
	json_decref(json);
}

static void facts_are_read_as_they_were_written(void **state)
{
	json_t *json = json_of(healthy), *again;
	struct facts facts;
	struct why why;

	(void)state;
	assert_int_equal(facts_parse(json, &facts, &why), 0);
	again = facts_json(&facts);
	assert_true(json_equal(json, again));
	facts_clear(&facts);
	json_decref(json);
	json_decref(again);
}

static void wrong_facts_are_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "[]", "want an object of facts" },
		{ "{'host': []}", "host: want an object of facts" },
		{ "{'host': {'cpus': 'many'}}", "host: cpus: want a number" },
		{ "{'host': {'kernel': 6}}", "host: kernel: want a text" },
		{ "{'devices': [{'nmae': 'e0'}]}", "device: nmae is no fact" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		json_t *json = json_of(wrong[i].text);
		struct facts facts;
		struct why why;

		assert_int_equal(facts_parse(json, &facts, &why), -22);
		assert_string_equal(why.text, wrong[i].why);
		json_decref(json);
	}
}

/* ---- whole hosts, recorded ---- */

static char *file_text(const char *path)
{
	char *ret = calloc(1, 65536);
	FILE *f = fopen(path, "re");

	if (f) {
		ret[fread(ret, 1, 65535, f)] = 0;
		fclose(f);
	}
	return ret;
}

static char *judged(const char *path)
{
	const struct findings_choice choice = {};
	struct findings findings = {};
	json_t *json = json_load_file(path, 0, NULL), *answer;
	struct facts facts;
	struct why why;
	char *text = NULL;
	size_t len;
	FILE *to;

	if (facts_parse(json, &facts, &why))
		fail_msg("%s: %s", path, why.text);
	doctor_judge(&facts, false, &findings);
	answer = doctor_json(&findings, &facts, false);
	to = open_memstream(&text, &len);
	findings_print(to, answer, &choice);
	fclose(to);
	json_decref(answer);
	json_decref(json);
	findings_clear(&findings);
	facts_clear(&facts);
	return text;
}

/* tests/doctor/X.json is a host, X.golden what doctor says of it; XRING_UPDATE=1 writes the latter. */
static void recorded_hosts_are_judged(void **state)
{
	const char *source = getenv("XRING_SOURCE") ?: ".";
	char dir[512], path[1024], golden[1024];
	struct dirent *entry;
	unsigned count = 0;
	DIR *d;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/tests/doctor", source);
	d = opendir(dir);
	assert_non_null(d);
	while ((entry = readdir(d))) {
		size_t len = strcspn(entry->d_name, ".");
		_free_ char *wanted = NULL, *got = NULL;

		if (strcmp(entry->d_name + len, ".json"))
			continue;
		count++;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		snprintf(golden, sizeof(golden), "%s/%.*s.golden", dir, (int)len, entry->d_name);
		got = judged(path);
		if (getenv("XRING_UPDATE")) {
			FILE *f = fopen(golden, "we");

			fputs(got, f);
			fclose(f);
		}
		wanted = file_text(golden);
		assert_string_equal(got, wanted);
	}
	closedir(d);
	assert_true(count >= 3);
}

static void what_counts_decides_the_exit(void **state)
{
	static const struct findings_choice any = {}, strict = { .strict = true },
						one = { .device = "e1", .strict = true };
	json_t *data = json_of("{'findings': [{'severity': 'warn', 'id': 'queues', 'subject': 'e0',"
			       " 'text': 'few', 'fix': ''}], 'ok': []}");

	(void)state;
	assert_false(findings_count(data, &any));
	assert_true(findings_count(data, &strict));
	assert_false(findings_count(data, &one));
	json_decref(data);
	data = json_of("{'findings': [{'severity': 'fail', 'id': 'lost', 'subject': 'e1',"
		       " 'text': 'packets are lost', 'fix': ''}], 'ok': []}");
	assert_true(findings_count(data, &any));
	assert_true(findings_count(data, &one));
	json_decref(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_on_a_healthy_host),
		cmocka_unit_test(each_fault_is_found_and_nothing_else),
		cmocka_unit_test(each_rule_has_a_case),
		cmocka_unit_test(a_daemon_is_not_told_what_it_tells),
		cmocka_unit_test(facts_are_read_as_they_were_written),
		cmocka_unit_test(wrong_facts_are_refused),
		cmocka_unit_test(recorded_hosts_are_judged),
		cmocka_unit_test(what_counts_decides_the_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
