/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_WISHES_H
#define XRING_DAEMON_ENGINE_WISHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The interfaces that the model wants attached, compared with what is so. A device that comes,
 * or comes back, is attached. What another hand took off is said, and left to that hand until
 * `xring attach` or a reload.
 */
struct engine;

#define WISH_WHY 512
struct wish {
	char name[16];			/* of the interface */
	uint32_t ifindex;		/* of the device for which was attached; 0: none was */
	uint32_t carrier;		/* of the device to which: another one for a VLAN (vlans.h) */
	bool others;			/* another program is attached, which is not ours */
	char why[WISH_WHY];		/* what is not as it should be; empty: nothing */
};

struct wishes {
	struct wish *list;		/* as the model's interfaces */
	size_t count;
	char sysctls[2][WISH_WHY];	/* which one is wanted, of IPv4 and IPv6; empty: none is */
	char tags[WISH_WHY];		/* which device may hide VLAN tags; empty: none does */
	char pins[WISH_WHY];		/* what is wrong with the directory of the pins; empty: nothing */
};

/* Compares, and attaches what may be attached. Logs what is new. */
void wishes_look(struct engine *e);
/* As if no interface had ever been attached: what another hand took off is attached again. */
void wishes_renew(struct engine *e);
void wishes_clear(struct wishes *w);

/* Notes what is not as it should be, and logs it if that is new. NULL: all is. */
void wish_say(char why[WISH_WHY], const char *text);

#endif
