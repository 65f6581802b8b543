/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DAEMON_ENGINE_CHECK_H
#define XRING_DAEMON_ENGINE_CHECK_H

#include <stdint.h>

struct backend;
struct model;
struct service;
struct why;

#define WANT_ELSEWHERE "want one of another host, as what is sent there would never leave this one"
#define WANT_ON_LINK "want one on the link, not behind a gateway, as mode l2 changes MAC addresses alone"

/*
 * The first backend in m that cannot work on this host, with what is wanted of its address: it is an
 * address of the host itself, or, of mode l2, is not on the link. NULL: there is none. A backend
 * that `before` had at the same address may stay.
 */
const struct backend *engine_unfit(const struct model *before, const struct model *m,
				   const struct service **ret_service, const char **ret_want);

/*
 * The first service in m whose check has a file of authorities that cannot be read, and that
 * `before` did not have; *ret_err is why. NULL: there is none.
 */
const struct service *engine_unread(const struct model *before, const struct model *m, int *ret_err);

/*
 * The first service in m whose check runs a program that cannot be run here, and that `before` did not
 * run there; *why is the reason. NULL: there is none.
 */
const struct service *engine_unrun(const struct model *before, const struct model *m,
				   struct why *why);

/*
 * May a host begin with the model, for all that needs no maps? Then a start is not refused, whatever
 * becomes of the services. 0, or -EINVAL, -ENOSPC or -ENOMEM with the reason in *why.
 */
int engine_check_alone(const struct model *m, struct why *why);

/* How many lines the map of prefix tables must have if it is made for m. 0 or -ENOMEM. */
int engine_lines(const struct model *m, uint32_t *ret);

#endif
