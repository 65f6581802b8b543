/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_DP_PASS_H
#define XRING_DP_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The program that passes everything (bpf/pass.bpf.c), natively on devices whose driver sends no
 * redirected packets without a program. Its links are pinned as bpffs/xring/pass-INDEX.
 */
struct dp;
struct why;

int dp_pass_attach(struct dp *dp, const char *name, uint32_t ifindex, struct why *why);
/* Is it attached to the device by us? */
bool dp_pass_is(const struct dp *dp, uint32_t ifindex);
/* Takes it off the device, if it is there. */
void dp_pass_detach(struct dp *dp, uint32_t ifindex);
/* Takes it off all devices that stay() does not want it on. */
void dp_pass_sweep(struct dp *dp, bool (*stay)(void *context, uint32_t ifindex), void *context);

#endif
