// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/dp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/log.h"
#include "base/util.h"
#include "dp/carry.h"
#include "dp/heat.h"
#include "dp/layout2.h"
#include "dp/lost.h"
#include "dp/pinned.h"
#include "dp/program.h"
#include "xring.skel.h"

/*
 * Opens a directory of pins; makes it, if there is none. A directory of another user is
 * refused, because he could put anything in the place of a pin.
 */
static int directory_open(const char *path, mode_t mode, int *ret)
{
	_close_ int fd = -1;
	struct stat st;

	if (mkdir(path, mode) && errno != EEXIST)
		return log_err(-errno, "%s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return log_err(-errno, "%s", path);
	if (st.st_uid && st.st_uid != geteuid()) {
		log_err(0, "%s belongs to user %u: want it to be user %u's", path, st.st_uid,
			geteuid());
		return -EPERM;
	}
	*ret = take_fd(&fd);
	return 0;
}

static int directory_make(const char *path)
{
	_close_ int fd = -1;

	return directory_open(path, 0755, &fd);
}

/*
 * The lock that keeps a second daemon out. A bpffs has no ordinary files, so the directory is
 * locked: nobody else can open it, for whoever opens a file can lock it.
 */
static int directory_lock(const char *bpffs, struct dp *dp)
{
	int err = directory_open(dp->dir, 0700, &dp->lock_fd);

	if (err)
		return err;
	if (fchmod(dp->lock_fd, 0700))
		return log_err(-errno, "%s", dp->dir);
	if (flock(dp->lock_fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return log_err(-errno, "%s", dp->dir);
		log_err(0, "another xringd runs on %s", bpffs);
		return -EBUSY;
	}
	return 0;
}

/* Makes and opens bpffs/xring and bpffs/tc/globals. */
static int directories_open(const char *bpffs, char pins[256], struct dp *dp)
{
	struct statfs fs;
	char tc[256];

	if (strlen(bpffs) > 200)
		return log_err(-ENAMETOOLONG, "bpffs %s", bpffs);
	if (statfs(bpffs, &fs))
		return log_err(-errno, "bpffs %s", bpffs);
	if (fs.f_type != BPF_FS_MAGIC) {
		log_err(0, "%s is not a bpffs: want `mount -t bpf bpf %s`", bpffs, bpffs);
		return -EINVAL;
	}
	snprintf(dp->dir, sizeof(dp->dir), "%s/xring", bpffs);
	snprintf(tc, sizeof(tc), "%s/tc", bpffs);
	snprintf(pins, 256, "%s/tc/globals", bpffs);
	return directory_lock(bpffs, dp) ?: directory_make(tc) ?: directory_make(pins);
}

/* The layout of the pinned maps: dp->abi_found. */
static int abi_read(const char *pins, struct dp *dp)
{
	struct bpf_map_info info;
	_free_ void *value = NULL;
	char path[280];
	uint32_t zero = 0;
	_close_ int fd = -1;

	snprintf(path, sizeof(path), "%s/xring_config", pins);
	fd = pinned_map(path, &info);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (!pinned_is_array(&info) || info.value_size < sizeof(dp->abi_found))
		return 0;		/* none of xring's: map_size() has a new one made */
	value = malloc(info.value_size);
	if (!value)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, value))
		return log_err(-errno, "pinned map %s", path);
	memcpy(&dp->abi_found, value, sizeof(dp->abi_found));
	return 0;
}

/* Which pinned maps mean something to this version: those of any layout, or of which. */
enum map_means {
	MEANS_ALWAYS,
	MEANS_WITH_RINGS,		/* of a layout whose rings are as ours */
	MEANS_WITH_LAYOUT,		/* of our layout alone */
};

struct map_rule {
	struct bpf_map *map;
	uint32_t wanted;		/* entries; 0: as compiled */
	enum map_means means;
	bool shrinks;			/* may be made smaller while it is in use */
	bool grows;			/* `wanted` is a minimum: a larger pinned map is kept */
};

static bool is_blank(const struct dp *dp, const struct map_rule *rule)
{
	bool strange = dp->abi_found && dp->abi_found != XRING_ABI;

	return (rule->means == MEANS_WITH_RINGS && dp->rings_strange) ||
	       (rule->means == MEANS_WITH_LAYOUT && strange);
}

static bool is_same(const struct bpf_map *map, const struct bpf_map_info *info)
{
	return info->type == bpf_map__type(map) && info->key_size == bpf_map__key_size(map) &&
	       info->value_size == bpf_map__value_size(map) &&
	       info->max_entries == bpf_map__max_entries(map) &&
	       info->map_flags == bpf_map__map_flags(map);
}

/*
 * A pinned map is reused if it is what this version wants. Otherwise a new map is made
 * beside it. A program of another layout shares no map with ours: what the daemon writes for
 * ours would mean something else there. Arrays only grow, because ids and cells are indices
 * into them.
 */
static int map_size(struct dp *dp, const struct map_rule *rule)
{
	const char *path = bpf_map__pin_path(rule->map);
	bool strange = dp->abi_found && dp->abi_found != XRING_ABI, blank = is_blank(dp, rule);
	uint32_t wanted = rule->wanted ?: bpf_map__max_entries(rule->map);
	struct bpf_map_info info;
	_close_ int fd = -1;

	bpf_map__set_max_entries(rule->map, wanted);
	fd = pinned_map(path, &info);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	dp->adopted = true;
	if (info.max_entries > wanted && rule->grows && !blank)
		bpf_map__set_max_entries(rule->map, wanted = info.max_entries);
	if (info.max_entries > wanted && !rule->shrinks && !blank) {
		log_warn("%s keeps its %u entries, the configuration wants %u: "
			 "it becomes smaller when it is made anew", path, info.max_entries,
			 wanted);
		bpf_map__set_max_entries(rule->map, info.max_entries);
	}
	if (!strange && is_same(rule->map, &info))
		return 0;
	return carry_prepare(dp, rule->map, strdupa(path), blank);
}

/* The greater of `least` and the entries of a pinned map, if there is one. */
static int entries_pinned(const struct bpf_map *map, uint32_t least, uint32_t *ret)
{
	struct bpf_map_info info;
	_close_ int fd = pinned_map(bpf_map__pin_path(map), &info);

	if (fd < 0 && fd != -ENOENT)
		return fd;
	*ret = fd >= 0 && info.max_entries > least ? info.max_entries : least;
	return 0;
}

/*
 * Maps that belong together have as many entries as the largest of them that is pinned. The
 * maps that the program uses come first (carry_restore()).
 */
static int maps_size(struct xring_bpf *skel, const struct dp_options *o, const char *pins,
		     struct dp *dp)
{
	uint32_t backends = 0, cells = 0;
	int err = entries_pinned(skel->maps.xring_owners, o->backends, &backends) ?:
		  entries_pinned(skel->maps.xring_cells, o->cells, &cells);
	const struct map_rule rules[] = {
		{ skel->maps.xring_vips, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_shapes, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_cells, o->cells, MEANS_WITH_RINGS },
		{ skel->maps.xring_spills, XRING_SPILLS_FOR(cells), MEANS_WITH_RINGS },
		{ skel->maps.xring_templates, backends, MEANS_WITH_LAYOUT },
		{ skel->maps.xring_traffic, backends },
		{ skel->maps.xring_loads, backends },
		{ skel->maps.xring_classes, .means = MEANS_WITH_RINGS },
		{ skel->maps.xring_lines, o->lines, MEANS_WITH_RINGS, .grows = true },
		{ skel->maps.xring_places, backends },
		{ skel->maps.xring_placed },
		{ skel->maps.xring_homes },
		{ skel->maps.xring_macs },
		{ skel->maps.xring_vlans },
		{ skel->maps.xring_asks },
		{ skel->maps.xring_heat, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_hot },
		{ skel->maps.xring_counters },
		{ skel->maps.xring_drops },
		{ skel->maps.xring_samples, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_tokens },
		{ skel->maps.xring_turn },
		{ skel->maps.xring_events },
		{ skel->maps.xring_pins, o->pins, .shrinks = true },
		{ skel->maps.xring_syns },
		{ skel->maps.xring_fragments, o->fragments, .shrinks = true },
		{ skel->maps.xring_path, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_uncommon, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_taken, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_answers, .means = MEANS_WITH_LAYOUT },
		{ skel->maps.xring_owners, o->backends },
		{ skel->maps.xring_routes, .means = MEANS_WITH_RINGS },
		{ skel->maps.xring_since, XRING_SINCE_FOR(cells), MEANS_WITH_RINGS },
		{ skel->maps.xring_keys },
		{ skel->maps.xring_received },
		{ skel->maps.xring_config, .means = MEANS_WITH_LAYOUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules) && !err; i++)
		err = carry_restore(dp, bpf_map__pin_path(rules[i].map));
	err = err ?: abi_read(pins, dp);
	dp->rings_strange = dp->abi_found && dp->abi_found != XRING_ABI &&
			    dp->abi_found != LAYOUT2;
	for (size_t i = 0; i < ARRAY_SIZE(rules) && !err; i++)
		err = map_size(dp, &rules[i]);
	return err;
}

static size_t map_bytes(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);

	return (bytes + page - 1) / page * page;
}

static int map_memory(const struct bpf_map *map, void **ret)
{
	void *memory = mmap(NULL, map_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		return log_err(-errno, "map %s", bpf_map__name(map));
	*ret = memory;
	return 0;
}

static uint32_t map_id(const struct bpf_map *map)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len) ? 0 : info.id;
}

/* Opens the maps. File descriptors are duplicated, because the skeleton closes its own. */
static int maps_open(struct xring_bpf *skel, struct dp *dp)
{
	int err = map_memory(skel->maps.xring_config, (void **)&dp->layout) ?:
		  map_memory(skel->maps.xring_vips, (void **)&dp->vips) ?:
		  map_memory(skel->maps.xring_shapes, (void **)&dp->shapes) ?:
		  map_memory(skel->maps.xring_cells, (void **)&dp->cells) ?:
		  map_memory(skel->maps.xring_spills, (void **)&dp->spills) ?:
		  map_memory(skel->maps.xring_templates, (void **)&dp->backends) ?:
		  map_memory(skel->maps.xring_owners, (void **)&dp->owners) ?:
		  map_memory(skel->maps.xring_loads, (void **)&dp->loads) ?:
		  map_memory(skel->maps.xring_classes, (void **)&dp->classes) ?:
		  map_memory(skel->maps.xring_lines, (void **)&dp->lines) ?:
		  map_memory(skel->maps.xring_places, (void **)&dp->places) ?:
		  map_memory(skel->maps.xring_routes, (void **)&dp->routes) ?:
		  heat_open(dp, bpf_map__fd(skel->maps.xring_heat)) ?:
		  map_memory(skel->maps.xring_hot, (void **)&dp->hot) ?:
		  map_memory(skel->maps.xring_since, (void **)&dp->since) ?:
		  map_memory(skel->maps.xring_keys, (void **)&dp->keys) ?:
		  map_memory(skel->maps.xring_received, (void **)&dp->received) ?:
		  map_memory(skel->maps.xring_turn, (void **)&dp->turn);
	struct bpf_map *map;

	if (err)
		return err;
	dp->config = &dp->vips->config;
	bpf_object__for_each_map(map, skel->obj)
		if (!strchr(bpf_map__name(map), '.') && dp->map_count < DP_MAPS_MAX)
			dp->maps[dp->map_count++] = map_id(map);
	dp->cell_count = bpf_map__max_entries(skel->maps.xring_cells);
	dp->spill_count = bpf_map__max_entries(skel->maps.xring_spills);
	dp->line_count = bpf_map__max_entries(skel->maps.xring_lines);
	dp->backend_count = bpf_map__max_entries(skel->maps.xring_templates);
	if (bpf_map__max_entries(skel->maps.xring_owners) != dp->backend_count ||
	    bpf_map__max_entries(skel->maps.xring_traffic) != dp->backend_count ||
	    bpf_map__max_entries(skel->maps.xring_places) != dp->backend_count ||
	    bpf_map__max_entries(skel->maps.xring_loads) != dp->backend_count) {
		log_err(0, "the pinned maps of backends differ in size: remove them");
		return -EINVAL;
	}
	dp->traffic_fd = fcntl(bpf_map__fd(skel->maps.xring_traffic), F_DUPFD_CLOEXEC, 3);
	dp->counters_fd = fcntl(bpf_map__fd(skel->maps.xring_counters), F_DUPFD_CLOEXEC, 3);
	dp->events_fd = fcntl(bpf_map__fd(skel->maps.xring_events), F_DUPFD_CLOEXEC, 3);
	dp->pins_fd = fcntl(bpf_map__fd(skel->maps.xring_pins), F_DUPFD_CLOEXEC, 3);
	dp->syns_fd = fcntl(bpf_map__fd(skel->maps.xring_syns), F_DUPFD_CLOEXEC, 3);
	dp->placed_fd = fcntl(bpf_map__fd(skel->maps.xring_placed), F_DUPFD_CLOEXEC, 3);
	dp->homes_fd = fcntl(bpf_map__fd(skel->maps.xring_homes), F_DUPFD_CLOEXEC, 3);
	dp->macs_fd = fcntl(bpf_map__fd(skel->maps.xring_macs), F_DUPFD_CLOEXEC, 3);
	dp->vlans_fd = fcntl(bpf_map__fd(skel->maps.xring_vlans), F_DUPFD_CLOEXEC, 3);
	dp->asks_fd = fcntl(bpf_map__fd(skel->maps.xring_asks), F_DUPFD_CLOEXEC, 3);
	dp->drops_fd = fcntl(bpf_map__fd(skel->maps.xring_drops), F_DUPFD_CLOEXEC, 3);
	dp->samples_fd = fcntl(bpf_map__fd(skel->maps.xring_samples), F_DUPFD_CLOEXEC, 3);
	dp->tokens_fd = fcntl(bpf_map__fd(skel->maps.xring_tokens), F_DUPFD_CLOEXEC, 3);
	dp->pin_max = bpf_map__max_entries(skel->maps.xring_pins);
	dp->template_epoch = calloc(dp->backend_count, sizeof(*dp->template_epoch));
	if (dp->traffic_fd < 0 || dp->counters_fd < 0 || dp->events_fd < 0 || dp->pins_fd < 0 ||
	    dp->syns_fd < 0 || dp->placed_fd < 0 || dp->homes_fd < 0 || dp->macs_fd < 0 ||
	    dp->vlans_fd < 0 || dp->asks_fd < 0 || dp->drops_fd < 0 || dp->samples_fd < 0 ||
	    dp->tokens_fd < 0 || !dp->template_epoch)
		return log_err(-ENOMEM, "maps");
	return 0;
}

static char verifier_log[1 << 16];

static int libbpf_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN)
		vsnprintf(verifier_log + strnlen(verifier_log, sizeof(verifier_log) - 1),
			  sizeof(verifier_log) - strnlen(verifier_log, sizeof(verifier_log) - 1),
			  fmt, args);
	return 0;
}

static int load_failed(int err)
{
	fputs(verifier_log, stderr);
	if (err == -EPERM)
		return log_err(err, "the kernel refuses BPF: want root, or CAP_BPF, CAP_NET_ADMIN "
			       "and CAP_PERFMON");
	return log_err(err, "the kernel did not take the XDP program: want Linux 6.1 or later "
		       "with CONFIG_BPF_SYSCALL and CONFIG_BPF_JIT");
}

static int skeleton_open(struct dp *dp, const struct dp_options *options, const char *pins)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .pin_root_path = pins);
	struct xring_bpf *skel = xring_bpf__open_opts(&open);
	int err;

	if (!skel)
		return load_failed(-errno);
	bpf_program__set_flags(skel->progs.xring, BPF_F_XDP_HAS_FRAGS);	/* jumbo frames */
	err = maps_size(skel, options, pins, dp);
	if (!err) {
		err = xring_bpf__load(skel);
		if (err)
			err = load_failed(err);
	}
	err = err ?: carry_fill(dp, skel->obj) ?: maps_open(skel, dp) ?: layout2_fill(dp, pins);
	dp->fresh_fd = err ? -1 : fcntl(bpf_program__fd(skel->progs.xring), F_DUPFD_CLOEXEC, 3);
	xring_bpf__destroy(skel);
	if (!err)
		lost_open(dp, pins);
	return err;
}

int dp_take_over(struct dp *dp)
{
	int err = carry_pin(dp) ?: program_pin(dp, dp->fresh_fd);

	closep(&dp->fresh_fd);
	dp->fresh_fd = -1;
	if (!err) {
		carry_finish(dp);
		layout2_forget(dp);
	}
	return err;
}

int dp_open(const struct dp_options *options, struct dp **ret)
{
	struct dp *dp = calloc(1, sizeof(*dp));
	char pins[256];
	int err;

	if (!dp)
		return -ENOMEM;
	dp->lock_fd = dp->traffic_fd = dp->counters_fd = dp->prog_fd = dp->fresh_fd = -1;
	dp->events_fd = dp->pins_fd = dp->syns_fd = dp->placed_fd = dp->homes_fd = -1;
	dp->macs_fd = dp->vlans_fd = dp->asks_fd = dp->drops_fd = -1;
	dp->lost_fd = -1;
	dp->epoch = 1;
	dp->cpus = libbpf_num_possible_cpus();
	libbpf_set_print(libbpf_message);
	err = dp->cpus < 0 ? log_err(dp->cpus, "possible CPUs") :
	      directories_open(options->bpffs, pins, dp) ?: skeleton_open(dp, options, pins);
	if (err) {
		dp_close(dp);
		return err;
	}
	*ret = dp;
	return 0;
}

void dp_close(struct dp *dp)
{
	closep(&dp->lock_fd);
	closep(&dp->traffic_fd);
	closep(&dp->counters_fd);
	closep(&dp->events_fd);
	closep(&dp->pins_fd);
	closep(&dp->syns_fd);
	closep(&dp->placed_fd);
	closep(&dp->homes_fd);
	closep(&dp->macs_fd);
	closep(&dp->vlans_fd);
	closep(&dp->asks_fd);
	closep(&dp->drops_fd);
	closep(&dp->lost_fd);
	closep(&dp->prog_fd);
	closep(&dp->fresh_fd);
	carry_close(dp);
	free(dp->template_epoch);
	free(dp->heat);
	free(dp);
}
