// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules about the kernel and the host. */
#include "daemon/doctor/rules.h"

#include <stdio.h>

#include "daemon/doctor/facts.h"
#include "daemon/doctor/finding.h"

#define MEMORY_FULL 0.9			/* of what the cgroup allows */

void rule_kernel(const char *id, const struct facts *facts, struct findings *to)
{
	const char *kernel = facts->host.kernel;
	unsigned major, minor;

	if (sscanf(kernel, "%u.%u", &major, &minor) == 2 && (major < 6 || (major == 6 && minor < 1)))
		finding_add(to, FINDING_FAIL, id, "",
			    "the kernel is %s: want Linux 6.1 or a newer one", kernel);
	if (facts->host.btf == 0)
		finding_add(to, FINDING_FAIL, id, "",
			    "the kernel has no type information (/sys/kernel/btf/vmlinux): want one "
			    "built with CONFIG_DEBUG_INFO_BTF, as those of distributions are");
}

void rule_bpffs(const char *id, const struct facts *facts, struct findings *to)
{
	if (facts->host.bpffs == 0)
		finding_fix(finding_add(to, FINDING_FAIL, id, "",
					"no bpffs is mounted where maps and programs are pinned"),
			    "mount -t bpf bpf /sys/fs/bpf");
}

void rule_privileges(const char *id, const struct facts *facts, struct findings *to)
{
	if (*facts->host.lacks)
		finding_add(to, FINDING_FAIL, id, "",
			    "this process lacks capabilities: want %s, as the unit xringd.service "
			    "gives them, or root", facts->host.lacks);
}

void rule_memory(const char *id, const struct facts *facts, struct findings *to)
{
	const struct host_facts *host = &facts->host;

	if (host->memory_max > 0 && host->memory_used > MEMORY_FULL * host->memory_max)
		finding_add(to, FINDING_WARN, id, "",
			    "%lld of the %lld MiB that the daemon's cgroup allows are used, and maps "
			    "count too: want MemoryMax= of the unit raised",
			    (long long)host->memory_used >> 20, (long long)host->memory_max >> 20);
}

void rule_jit(const char *id, const struct facts *facts, struct findings *to)
{
	if (facts->host.jit_enable == 0 || facts->balancer.compiled == 0)
		finding_fix(finding_add(to, FINDING_FAIL, id, "",
					"BPF programs are interpreted (net.core.bpf_jit_enable), "
					"which is several times slower"),
			    "sysctl net.core.bpf_jit_enable=1");
	if (facts->host.jit_harden == 2)
		finding_fix(finding_add(to, FINDING_WARN, id, "",
					"net.core.bpf_jit_harden is 2: programs are blinded also for "
					"the privileged, are slower, and take 10 times as long to load"),
			    "sysctl net.core.bpf_jit_harden=1");
}

void rule_clock(const char *id, const struct facts *facts, struct findings *to)
{
	if (facts->balancer.schedules > 0 && facts->host.clock_synchronised == 0)
		finding_add(to, FINDING_WARN, id, "",
			    "the clock is not synchronised, and shares follow the hours of regions: "
			    "want NTP (chrony, systemd-timesyncd)");
}

void rule_firewall(const char *id, const struct facts *facts, struct findings *to)
{
	if (*facts->host.firewall)
		finding_add(to, FINDING_NOTE, id, "",
			    "the firewall's chain %s drops what no rule of it accepts: health checks "
			    "and what xring passes on need such rules; balanced packets do not come "
			    "to it", facts->host.firewall);
}
