// SPDX-License-Identifier: GPL-2.0-or-later
#include "dp/links.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "base/why.h"
#include "dp/dp.h"
#include "dp/interfaces.h"
#include "dp/pass.h"
#include "dp/pinned.h"
#include "dp/words.h"

#define LINK_PREFIX "link-"

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/*
 * bpffs refuses a dot in a name. A colon stands for it, which the name of an interface
 * cannot have.
 */
static void swap(char *text, char from, char to)
{
	while ((text = strchr(text, from)))
		*text = to;
}

static const char *link_path(const struct dp *dp, const char *name, char buf[300])
{
	int len = snprintf(buf, 300, "%s/" LINK_PREFIX, dp->dir);

	snprintf(buf + len, 300 - len, "%s", name);
	swap(buf + len, '.', ':');
	return buf;
}

static int link_info(int fd, struct bpf_link_info *ret)
{
	uint32_t len = sizeof(*ret);

	*ret = (struct bpf_link_info){};
	if (bpf_obj_get_info_by_fd(fd, ret, &len))
		return -errno;
	return ret->type == BPF_LINK_TYPE_XDP ? 0 : -EINVAL;
}

/* The pinned link of an interface; -ENOENT: xring has pinned none. */
static int link_get(const struct dp *dp, const char *name)
{
	char path[300];

	return pinned_open(link_path(dp, name, path), PINNED_LINK);
}

/*
 * An interface whose link cannot be updated keeps the program that it has: that is no reason
 * not to serve the others.
 */
static void link_update(struct dp *dp, const char *name, int prog_fd)
{
	_close_ int fd = -1;
	struct bpf_link_info info;
	char path[300];
	int err;

	fd = link_get(dp, name);
	if (fd < 0)
		return;		/* -ENOENT: what was no link has just been moved out of the way */
	err = link_info(fd, &info);
	if (err) {
		log_err(err, "pinned link %s", link_path(dp, name, path));
	} else if (!info.xdp.ifindex) {
		log_info("%s is gone: forgetting its link", name);
		unlink(link_path(dp, name, path));
	} else if (bpf_link_update(fd, prog_fd, NULL)) {
		log_err(-errno, "program of %s", name);
	}
}

int links_update(struct dp *dp, int prog_fd)
{
	__attribute__((cleanup(closedirp))) DIR *dir = opendir(dp->dir);
	struct dirent *entry;

	if (!dir)
		return log_err(-errno, "%s", dp->dir);
	while ((entry = readdir(dir))) {
		char *name = entry->d_name + strlen(LINK_PREFIX);

		if (strncmp(entry->d_name, LINK_PREFIX, strlen(LINK_PREFIX)))
			continue;
		swap(name, ':', '.');
		link_update(dp, name, prog_fd);
	}
	return 0;
}

static int link_create(struct dp *dp, int ifindex, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);

	return bpf_link_create(dp->prog_fd, ifindex, BPF_XDP, &opts);
}

/* -EOPNOTSUPP and similar: the driver has no XDP, or none with this MTU or offload. words: its own. */
static int attach_error(int err, const char *name, const char *mode, const char *words,
			struct why *why)
{
	if (err == -EBUSY || err == -EEXIST)
		return why_set(why, err, "%s: another XDP program is attached: "
			       "want `ip link set dev %s xdp off` first", name, name);
	if (err == -EOPNOTSUPP || err == -524)
		return why_set(why, err, "%s: its driver has no native XDP: want --mode generic",
			       name);
	if (*words)
		return why_set(why, err, "%s: %s XDP: %s: %s: want --mode generic, or what the driver wants",
			       name, mode, errno_text(-err), words);
	return why_set(why, err, "%s: %s XDP: %s", name, mode, errno_text(-err));
}

static const char *mode_name(int attach_mode)
{
	switch (attach_mode) {
	case XDP_ATTACHED_DRV:
		return "native";
	case XDP_ATTACHED_SKB:
		return "generic";
	case XDP_ATTACHED_HW:
		return "offload";
	}
	return "none";
}

static const char *attached_mode(int ifindex, uint32_t *ret_id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(ifindex, 0, &query) || !query.attach_mode)
		return NULL;
	if (ret_id)
		*ret_id = query.prog_id;
	return mode_name(query.attach_mode);
}

static int no_interface(const char *name, int err, struct why *why)
{
	if (err == -ENODEV)
		return why_set(why, err, "%s: no such interface", name);
	return why_set(why, err, "%s: %s", name, errno_text(err));
}

/*
 * An interface that was renamed keeps its link, which is pinned by the name that it had: it is pinned
 * by the new one. False: no link of ours is at the interface.
 */
static bool link_rename(struct dp *dp, const char *name, uint32_t ifindex)
{
	__attribute__((cleanup(closedirp))) DIR *dir = opendir(dp->dir);
	char from[600], to[300];
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct bpf_link_info info;
		_close_ int fd = -1;

		if (strncmp(entry->d_name, LINK_PREFIX, strlen(LINK_PREFIX)))
			continue;
		snprintf(from, sizeof(from), "%s/%s", dp->dir, entry->d_name);
		fd = pinned_open(from, PINNED_LINK);
		if (fd >= 0 && !link_info(fd, &info) && info.xdp.ifindex == ifindex)
			return !rename(from, link_path(dp, name, to));
	}
	return false;
}

int dp_attach(struct dp *dp, const char *name, enum dp_mode mode, const char **ret_mode,
	      struct why *why)
{
	int ifindex = if_nametoindex(name), err = ifindex ? -EOPNOTSUPP : -errno;
	_close_ int pinned = -1;
	_close_ int fd = -1;
	struct bpf_link_info info;
	char path[300], words[256] = "";

	if (!ifindex)
		return no_interface(name, err, why);
	pinned = link_get(dp, name);
	if (pinned < 0 && pinned != -ENOENT)
		return why_set(why, pinned, "%s: %s", link_path(dp, name, path),
			       errno_text(pinned));
	if (pinned >= 0) {
		err = link_info(pinned, &info);
		if (err)
			return why_set(why, err, "%s: %s", link_path(dp, name, path),
				       errno_text(err));
		err = -EOPNOTSUPP;
		if (info.xdp.ifindex == (uint32_t)ifindex) {
			*ret_mode = attached_mode(ifindex, NULL) ?: "none";
			return 0;	/* attached already */
		}
		unlink(link_path(dp, name, path));
	}
	if (link_rename(dp, name, ifindex)) {
		*ret_mode = attached_mode(ifindex, NULL) ?: "none";
		return 0;
	}
	dp_pass_detach(dp, ifindex);
	dp->config->attached = clock_ns() + dp->config->clock;
	if (mode != DP_MODE_GENERIC) {
		fd = link_create(dp, ifindex, XDP_FLAGS_DRV_MODE);
		err = fd < 0 ? -errno : 0;
		if (err && err != -EBUSY && err != -EEXIST)
			attach_words(ifindex, dp->prog_fd, XDP_FLAGS_DRV_MODE, words, sizeof(words));
		if (*words && mode != DP_MODE_NATIVE)
			log_info("%s: native XDP: %s: it gets generic", name, words);
	}
	if (err && err != -EBUSY && err != -EEXIST && mode != DP_MODE_NATIVE) {
		fd = link_create(dp, ifindex, XDP_FLAGS_SKB_MODE);
		err = fd < 0 ? -errno : 0;
		mode = DP_MODE_GENERIC;
	}
	if (err)
		return attach_error(err, name, mode == DP_MODE_GENERIC ? "generic" : "native",
				    mode == DP_MODE_GENERIC ? "" : words, why);
	if (bpf_obj_pin(fd, link_path(dp, name, path))) {
		err = -errno;
		return why_set(why, err, "%s: %s", path, errno_text(-err));
	}
	*ret_mode = mode == DP_MODE_GENERIC ? "generic" : "native";
	return 0;
}

enum dp_whose dp_attached(const struct dp *dp, const char *name, uint32_t ifindex,
			  uint32_t *ret_program)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	_close_ int link = link_get(dp, name);
	struct bpf_link_info info;

	if (link < 0 && link != -ENOENT)
		return DP_UNKNOWN;
	if (link >= 0 && link_info(link, &info))
		return DP_UNKNOWN;
	if (link >= 0 && info.xdp.ifindex == ifindex)
		return DP_OURS;
	if (bpf_xdp_query(ifindex, 0, &query))
		return DP_UNKNOWN;
	*ret_program = query.prog_id ?: query.drv_prog_id ?: query.skb_prog_id;
	if (!query.attach_mode || dp_pass_is(dp, ifindex))
		return DP_NOBODYS;
	return *ret_program == dp->prog_id ? DP_OURS : DP_OTHERS;
}

bool dp_pins_hidden(const struct dp *dp)
{
	struct stat held, named;

	if (fstat(dp->lock_fd, &held))
		return false;
	if (stat(dp->dir, &named))
		return errno == ENOENT;
	return held.st_dev != named.st_dev || held.st_ino != named.st_ino;
}

int dp_detach(struct dp *dp, const char *name, struct why *why)
{
	_close_ int fd = link_get(dp, name);
	char path[300];

	if (fd < 0 && fd != -ENOENT)
		return why_set(why, fd, "%s: %s", link_path(dp, name, path), errno_text(fd));
	if (fd < 0) {
		int ifindex = if_nametoindex(name);

		if (ifindex && attached_mode(ifindex, NULL) && !dp_pass_is(dp, ifindex))
			return why_set(why, -ENOENT, "%s: not attached by xring: "
				       "want `ip link set dev %s xdp off`", name, name);
		return why_set(why, -ENOENT, "%s: not attached", name);
	}
	if (bpf_link_detach(fd)) {
		int err = -errno;

		return why_set(why, err, "%s: %s", name, errno_text(-err));
	}
	unlink(link_path(dp, name, path));
	return 0;
}

int dp_interfaces(const struct dp *dp, struct dp_interface **ret, size_t *ret_count)
{
	struct if_nameindex *all = if_nameindex();
	_free_ struct dp_interface *list = NULL;
	size_t count = 0;
	int err = 0;

	if (!all)
		return log_err(-errno, "interfaces");
	for (size_t i = 0; all[i].if_index; i++)
		count++;
	list = calloc(count ?: 1, sizeof(*list));
	count = 0;
	for (size_t i = 0; list && all[i].if_index; i++) {
		struct dp_interface *it = &list[count];
		_close_ int link = -1;

		it->mode = attached_mode(all[i].if_index, &it->prog_id);
		if (!it->mode)
			continue;
		snprintf(it->name, sizeof(it->name), "%s", all[i].if_name);
		link = link_get(dp, it->name);
		if (link < 0 && link != -ENOENT && (err = link))
			break;
		it->by = link >= 0 ? "link" : it->prog_id == dp->prog_id ? "ip" :
			 dp_pass_is(dp, all[i].if_index) ? "pass" : "other";
		count++;
	}
	if_freenameindex(all);
	if (!list || err)
		return err ?: -ENOMEM;
	*ret = take_ptr(list);
	*ret_count = count;
	return 0;
}
