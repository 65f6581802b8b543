// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/heat.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/dp.h"

/* Makes the map of one CPU: *ret_fd, and the map's memory. */
static int heat_new(int *ret_fd, struct xring_heat **ret)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (sizeof(**ret) + page - 1) / page * page;
	_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xring_heat_cpu", sizeof(uint32_t),
					sizeof(**ret), 1, &opts);
	void *memory;

	if (fd < 0)
		return log_err(-errno, "map of hot keys");
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return log_err(-errno, "map of hot keys");
	*ret = memory;
	*ret_fd = take_fd(&fd);
	return 0;
}

/*
 * Puts all sketches in place with one call, because the kernel waits for readers after each
 * update.
 */
static int heat_put(int maps, const int *fds, uint32_t count)
{
	_free_ uint32_t *cpus = calloc(count + 1, sizeof(*cpus));

	if (!cpus)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		cpus[i] = i;
	if (!bpf_map_update_batch(maps, cpus, fds, &count, NULL))
		return 0;
	return log_err(-errno, "maps of hot keys");
}

int heat_open(struct dp *dp, int maps)
{
	uint32_t count = dp->cpus < (int)XRING_CPUS ? dp->cpus : (int)XRING_CPUS, made = 0;
	_free_ int *fds = calloc(count + 1, sizeof(*fds));
	int err = 0;

	dp->heat = calloc(dp->cpus, sizeof(*dp->heat));
	if (!fds || !dp->heat)
		return -ENOMEM;
	while (made < count && !err) {
		err = heat_new(&fds[made], &dp->heat[made]);
		made += !err;
	}
	dp->heat_cpus = made;
	err = err ?: heat_put(maps, fds, made);
	while (made)
		close(fds[--made]);
	return err;
}
