// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/doctor/doctor.h"

#include <string.h>

#include "base/util.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/rules.h"

static const struct rule rules[] = {
	{ "kernel", "Linux 6.1 or newer, with its types", rule_kernel },
	{ "bpffs", "pins have their file system", rule_bpffs, .told = true },
	{ "privileges", "all capabilities are there", rule_privileges },
	{ "memory", "the cgroup has memory left", rule_memory },
	{ "jit", "BPF programs are compiled", rule_jit },
	{ "clock", "the clock is synchronised where hours matter", rule_clock },
	{ "firewall", "no chain drops by policy", rule_firewall },
	{ "interface", "configured interfaces are there and attached", rule_interface,
	  .told = true },
	{ "link", "the devices are up, and have a carrier", rule_link },
	{ "replies", "xring runs where replies of mode nat come in", rule_replies },
	{ "other-program", "no other XDP program is in the way", rule_other_program, .told = true },
	{ "driver", "drivers run XDP", rule_driver },
	{ "mode", "no interface runs in generic mode that need not", rule_mode },
	{ "redirect-target", "devices to backends take redirected packets", rule_redirect_target,
	  .told = true },
	{ "lro", "nothing merges packets before xring", rule_lro },
	{ "vlan-offload", "VLAN tags are left on", rule_vlan_offload },
	{ "tx-checksum", "checksums arrive finished", rule_tx_checksum },
	{ "mtu", "packets fit", rule_mtu },
	{ "stack", "xring is attached where packets arrive", rule_stack },
	{ "queues", "as many queues as CPUs", rule_queues },
	{ "rss", "packets are spread", rule_rss },
	{ "irq", "interrupts are spread", rule_irq },
	{ "numa", "interrupts are near their device", rule_numa },
	{ "rings", "receive rings have room", rule_rings },
	{ "forwarding", "the host forwards where mode nat needs it", rule_forwarding, .told = true },
	{ "rp-filter", "no filter takes replies for forged", rule_rp_filter },
	{ "neighbours", "a way is known to each backend", rule_neighbours },
	{ "vip-local", "packets of VIPs do not go round", rule_vip_local },
	{ "checks", "health checks and agents can be asked", NULL, .told = true },
	{ "limits", "maps have room", rule_limits },
	{ "configuration", "the file is what runs", NULL, .told = true },
	{ "state", "changes can be kept", NULL, .told = true },
	{ "lost", "nothing is lost after it was sent", NULL, .told = true },
	{ "rx", "all that devices receive comes to xring", rule_rx },
};

const struct rule *doctor_rules(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rules);
	return rules;
}

void doctor_judge(const struct facts *facts, bool daemon, struct findings *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].judge && !(daemon && rules[i].told))
			rules[i].judge(rules[i].id, facts, to);
}

static bool found(const struct findings *findings, const char *id)
{
	for (size_t i = 0; i < findings->count; i++)
		if (!strcmp(findings->list[i].id, id))
			return true;
	return false;
}

json_t *doctor_json(const struct findings *findings, const struct facts *facts, bool daemon)
{
	json_t *list = json_array(), *ok = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->list[i];

		json_array_append_new(list, json_pack("{ssssssssss}", "severity",
						      severity_word(f->severity), "id", f->id,
						      "subject", f->subject, "text", f->text, "fix",
						      f->fix));
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if ((daemon || rules[i].judge) && !found(findings, rules[i].id))
			json_array_append_new(ok, json_string(rules[i].id));
	return json_pack("{sososo}", "findings", list, "ok", ok, "facts", facts_json(facts));
}
