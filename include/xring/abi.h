/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_H
#define XRING_ABI_H

/*
 * What the datapath and the daemon share: the values of the maps, one header a format. Every
 * map is pinned by name and outlives the daemon, so a change of any layout raises XRING_ABI.
 * Fields of a __be type are in network byte order, all other fields in the host's.
 */
#define XRING_ABI 3

#include <xring/sizes.h>
#include <xring/config.h>
#include <xring/vip.h>
#include <xring/mac.h>
#include <xring/vlan.h>
#include <xring/ask.h>
#include <xring/cell.h>
#include <xring/backend.h>
#include <xring/flow.h>
#include <xring/pin.h>
#include <xring/fragment.h>
#include <xring/heat.h>
#include <xring/hot.h>
#include <xring/place.h>
#include <xring/class.h>
#include <xring/records.h>
#include <xring/counters.h>
#include <xring/drops.h>
#include <xring/samples.h>

#endif
