// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/net/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/util.h"

#define QUEUES_MOST 4096u
#define FEATURES_MOST 512u
#define SPREAD_MOST 65536u		/* elements of an indirection table */

static int ask(const char *device, void *data)
{
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_data = data };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	return fd < 0 || ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

const char *ethtool_driver(const char *device, char ret[32])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	ret[0] = 0;
	if (!ask(device, &info))
		snprintf(ret, 32, "%s", info.driver);
	return ret;
}

int ethtool_queues(const char *device, uint32_t *ret_now, uint32_t *ret_most)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int err = ask(device, &channels);

	if (err)
		return err;
	*ret_now = channels.combined_count + channels.rx_count;
	*ret_most = channels.max_combined ?: channels.max_rx;
	return 0;
}

static uint32_t different(const uint32_t *queues, uint32_t count)
{
	bool seen[QUEUES_MOST] = {};
	uint32_t ret = 0;

	for (uint32_t i = 0; i < count; i++)
		if (queues[i] < QUEUES_MOST && !seen[queues[i]]) {
			seen[queues[i]] = true;
			ret++;
		}
	return ret;
}

int ethtool_spread(const char *device, uint32_t *ret_queues)
{
	struct ethtool_rxfh_indir size = { .cmd = ETHTOOL_GRXFHINDIR };
	_free_ struct ethtool_rxfh_indir *table = NULL;
	int err = ask(device, &size);

	if (err || !size.size || size.size > SPREAD_MOST)
		return err ?: -EOPNOTSUPP;
	table = calloc(1, sizeof(*table) + size.size * sizeof(table->ring_index[0]));
	if (!table)
		return -ENOMEM;
	*table = (struct ethtool_rxfh_indir){ .cmd = ETHTOOL_GRXFHINDIR, .size = size.size };
	err = ask(device, table);
	if (!err)
		*ret_queues = different(table->ring_index, size.size);
	return err;
}

/* ---- features ---- */

struct ethtool_features {
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *bits;		/* 32 of them a block */
};

static uint32_t feature_count(const char *device)
{
	union {
		struct ethtool_sset_info info;
		char room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} sets = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_FEATURES } };
	uint32_t ret;

	if (ask(device, &sets) || !sets.info.sset_mask)
		return 0;
	memcpy(&ret, sets.info.data, sizeof(ret));
	return ret;
}

struct ethtool_features *ethtool_features(const char *device)
{
	uint32_t count = feature_count(device), blocks = (count + 31) / 32;
	struct ethtool_features *f = count && count <= FEATURES_MOST ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	f->names = calloc(1, sizeof(*f->names) + count * ETH_GSTRING_LEN);
	f->bits = calloc(1, sizeof(*f->bits) + blocks * sizeof(f->bits->features[0]));
	if (f->names && f->bits) {
		*f->names = (struct ethtool_gstrings){ ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count };
		*f->bits = (struct ethtool_gfeatures){ ETHTOOL_GFEATURES, blocks };
		if (!ask(device, f->names) && !ask(device, f->bits) && f->names->len == count)
			return f;
	}
	ethtool_features_free(f);
	return NULL;
}

int ethtool_feature(const struct ethtool_features *f, const char *name)
{
	for (uint32_t i = 0; f && i < f->names->len; i++)
		if (!strncmp((const char *)f->names->data + i * ETH_GSTRING_LEN, name,
			     ETH_GSTRING_LEN))
			return f->bits->features[i / 32].active >> i % 32 & 1;
	return -1;
}

void ethtool_features_free(struct ethtool_features *f)
{
	if (!f)
		return;
	free(f->names);
	free(f->bits);
	free(f);
}
