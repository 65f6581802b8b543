/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_NET_ETHTOOL_H
#define XRING_DAEMON_NET_ETHTOOL_H

#include <stddef.h>
#include <stdint.h>

/* Questions to a network device's driver (ioctl SIOCETHTOOL, linux/ethtool.h), by the device's name. */
struct ethtool_features;

/* The driver's name; empty: it does not say. */
const char *ethtool_driver(const char *device, char ret[32]);

/* How many queues it receives by, and how many it could. 0, or a negative errno. */
int ethtool_queues(const char *device, uint32_t *ret_now, uint32_t *ret_most);

/* To how many different queues RSS spreads packets. 0, or a negative errno. */
int ethtool_spread(const char *device, uint32_t *ret_queues);

/* All features of a device as they are now; NULL: it does not say. */
struct ethtool_features *ethtool_features(const char *device);
/* Is a feature ("rx-lro") on? 1 or 0; -1: the device has no such feature, or features is NULL. */
int ethtool_feature(const struct ethtool_features *features, const char *name);
void ethtool_features_free(struct ethtool_features *features);

#endif
