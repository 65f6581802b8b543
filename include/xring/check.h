/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_ABI_CHECK_H
#define XRING_ABI_CHECK_H

/*
 * Health checks through the tunnel: the check's socket speaks to the VIP, and its packets have
 * this mark and, in the low bits, the id of the backend that shall get them. A rule of the host's
 * routes sends what is so marked to lo, by a table of its own, whatever is known of the VIP; there
 * bpf/check.bpf.c takes it.
 */
#define XRING_CHECK_MARK 0x78720000u
#define XRING_CHECK_MASK 0xffff0000u
#define XRING_CHECK_TABLE 7872u
#define XRING_CHECK_MTU 1280u		/* what fits into every tunnel */

#endif
