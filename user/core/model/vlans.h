/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_CORE_MODEL_VLANS_H
#define XRING_CORE_MODEL_VLANS_H

#include <stdbool.h>
#include <stdint.h>

struct interface;

#define VLANS_TEXT (INTERFACE_VLANS * 12)
#define WANT_VLAN "a VLAN of 1 to 4094, or two as outer/inner"

/* "100", or "200/5": outer and inner. -EINVAL: it is neither. */
int vlan_parse(const char *text, uint32_t *ret);
/* The VLANs of an interface as they stand in a file; empty: it has none. */
const char *vlans_print(const struct interface *interface, char *text);
bool vlans_equal(const struct interface *a, const struct interface *b);

#endif
