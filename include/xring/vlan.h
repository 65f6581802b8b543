/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_VLAN_H
#define XRING_ABI_VLAN_H

#include <linux/types.h>

/*
 * The VLAN tags of a frame in one word (IEEE 802.1Q): those of the outer tag in the low 16 bits, of
 * an inner one in the high 16. Each is the VLAN's number with XRING_TAG, and with XRING_TAG_AD where
 * the tag is one of 802.1ad; 0: there is no such tag. Priorities are not in it; a tag with the number
 * 0, which has nothing else, counts as none.
 */
#define XRING_TAG    0x1000u
#define XRING_TAG_AD 0x2000u
#define XRING_TAGS(outer, inner) ((outer) | (__u32)(inner) << 16)

/*
 * A key of xring_vlans: frames with these tags that come in at an interface are taken. Its value is
 * the index of the interface at which they count as coming in: of a VLAN device, where there is
 * one. The daemon writes; tagged frames read.
 */
struct xring_vlan {
	__u32 ifindex;
	__u32 tags;
};
#define XRING_VLAN_ANY  0xffffffffu	/* any one or two tags */
#define XRING_VLAN_ONLY 0xfffffffeu	/* frames without a tag are not taken here */
/* Of a port of a bridge or a device of a bond: the value is the index of that bridge or bond. */
#define XRING_VLAN_MASTER 0xfffffffdu
/*
 * Of a device over others, to which routes of replies may lead: the values are the index of the device that
 * sends, 0 if it is not known, and the tags of frames there.
 */
#define XRING_VLAN_SENDER 0xfffffffcu
#define XRING_VLAN_TAGS   0xfffffffbu

#endif
