/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_MODE_H
#define XRING_CORE_MODEL_MODE_H

enum mode {
	MODE_NAT,
	MODE_L2,
	MODE_IPIP,
};

#define WANT_MODE "nat, l2 or ipip"

int mode_parse(const char *text, enum mode *ret);
const char *mode_print(enum mode mode);

#endif
