// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts of the kernel and the host. */
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/doctor/facts.h"
#include "daemon/doctor/gather.h"
#include "daemon/doctor/read.h"
#include "daemon/net/firewall.h"

int64_t number_of(const char *fmt, ...)
{
	long long value;
	char path[320];
	va_list args;
	FILE *f;
	int n;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	f = fopen(path, "re");
	if (!f)
		return FACT_UNKNOWN;
	n = fscanf(f, "%lld", &value);
	fclose(f);
	return n == 1 ? value : FACT_UNKNOWN;
}

static void capabilities(char ret[FACT_TEXT])
{
	static const cap_value_t wanted[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };
	cap_t now = cap_get_proc();

	for (size_t i = 0; now && i < ARRAY_SIZE(wanted); i++) {
		cap_flag_value_t have = CAP_SET;
		char *name = cap_to_name(wanted[i]);

		cap_get_flag(now, wanted[i], CAP_EFFECTIVE, &have);
		if (have == CAP_CLEAR && name)
			snprintf(ret + strlen(ret), FACT_TEXT - strlen(ret), "%s%s", *ret ? " " : "",
				 name);
		cap_free(name);
	}
	cap_free(now);
}

/* The cgroup's own limit (cgroup v2); one of a cgroup above it is not looked for. */
static void memory(struct host_facts *ret)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[256], path[256] = "";

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "0::%255s", path);
	if (f)
		fclose(f);
	if (!*path)
		return;
	ret->memory_max = number_of("/sys/fs/cgroup%.200s/memory.max", path);
	ret->memory_used = number_of("/sys/fs/cgroup%.200s/memory.current", path);
	if (ret->memory_max == FACT_UNKNOWN && ret->memory_used != FACT_UNKNOWN)
		ret->memory_max = 0;	/* "max" */
}

/* The table's entries are in the first column of the second line, in hexadecimal digits. */
static int64_t neighbours(const char *table)
{
	int64_t ret = FACT_UNKNOWN;
	unsigned entries;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/net/stat/%s", table);
	f = fopen(path, "re");
	if (!f)
		return ret;
	if (!fscanf(f, "%*[^\n]\n") && fscanf(f, "%x", &entries) == 1)
		ret = entries;
	fclose(f);
	return ret;
}

void gather_host(const char *pins, struct host_facts *ret)
{
	struct timex clock = {};
	struct utsname name;
	struct statfs fs;

	if (!uname(&name))
		snprintf(ret->kernel, sizeof(ret->kernel), "%s", name.release);
	ret->btf = !access("/sys/kernel/btf/vmlinux", F_OK);
	ret->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	ret->jit_enable = number_of("/proc/sys/net/core/bpf_jit_enable");
	ret->jit_harden = number_of("/proc/sys/net/core/bpf_jit_harden");
	if (!statfs(pins, &fs))
		ret->bpffs = fs.f_type == BPF_FS_MAGIC;
	else if (errno == ENOENT)
		ret->bpffs = 0;
	capabilities(ret->lacks);
	memory(ret);
	if (adjtimex(&clock) >= 0)
		ret->clock_synchronised = !(clock.status & STA_UNSYNC);
	firewall_drops(ret->firewall, sizeof(ret->firewall));
	ret->neighbours4 = neighbours("arp_cache");
	ret->neighbours6 = neighbours("ndisc_cache");
	ret->neighbours4_max = number_of("/proc/sys/net/ipv4/neigh/default/gc_thresh3");
	ret->neighbours6_max = number_of("/proc/sys/net/ipv6/neigh/default/gc_thresh3");
}
