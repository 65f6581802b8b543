/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_CHECK_H
#define XRING_DP_CHECK_H

/*
 * The program that sends checks of a VIP to their backends (bpf/check.bpf.c), at lo. It reads the
 * pinned templates, so the daemon must have taken over.
 */
struct dp;

/* Logs errors. A program that another daemon has left there is replaced. */
int dp_check_attach(const struct dp *dp);
void dp_check_detach(void);

#endif
